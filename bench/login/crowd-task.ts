import type { Burst } from '../shared/closed-loop.ts';

/** Browsers with a session each, as they ask for one page. */
export interface Browsers {
  readonly path: string;
  /** Where they believe to be. */
  readonly host: string;
  /** `Cookie` headers; none for people without a session. */
  readonly cookies: readonly string[];
}

/** What the process of crowd-child.ts is asked to do; every task has one answer. */
export type CrowdTask =
  | { readonly task: 'meet'; readonly name: string; readonly browsers: Browsers }
  | {
      readonly task: 'burst';
      readonly name: string;
      readonly port: number;
      readonly count: number;
      readonly connections: number;
    }
  | {
      readonly task: 'storm';
      readonly name: string;
      readonly ports: readonly number[];
      readonly each: number;
      readonly connections: number;
    }
  | { readonly task: 'pace'; readonly name: string; readonly port: number; readonly seconds: number }
  | {
      readonly task: 'hold';
      readonly name: string;
      readonly port: number;
      readonly idle: number;
      readonly tunnels: number;
    }
  | { readonly task: 'echo' }
  | { readonly task: 'release' };

/** How often each status was answered. */
export type Tally = Readonly<Record<string, number>>;

/** One request of a load that is not in a hurry: when it was sent, by the clock, how long it took, both in ms, and its status. */
export interface Paced {
  readonly at: number;
  readonly ms: number;
  readonly status: number;
}

/** What is answered to each task. */
export interface CrowdAnswers {
  readonly meet: true;
  readonly burst: Burst;
  readonly storm: Tally;
  readonly pace: readonly Paced[];
  /** How many connections stand: all, or it rejects. */
  readonly hold: { readonly idle: number; readonly tunnels: number };
  /** How many are still there, and of the tunnels how many answer. */
  readonly echo: { readonly idle: number; readonly tunnels: number };
  readonly release: true;
}
