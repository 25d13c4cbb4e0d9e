import type { FaultName } from '../../faults.ts';

/** Faults that can be ticked on the sign-in page. */
export type TickableFault = Exclude<FaultName, 'propagation'>;

/** Every text of the pages in one language. */
export interface Texts {
  /** The language's name in itself. */
  readonly name: string;
  readonly language: string;
  readonly banner: string;
  readonly signInTo: (service: string) => string;
  /** Before and after the client's name. */
  readonly forClient: readonly [before: string, after: string];
  readonly person: string;
  readonly search: string;
  readonly searchButton: string;
  readonly found: (some: number, all: number) => string;
  readonly otherPerson: string;
  readonly otherPersonHelp: string;
  readonly level: string;
  readonly substantial: string;
  readonly high: string;
  readonly proceed: string;
  readonly cancel: string;
  readonly problem: string;
  readonly problemNobody: string;
  readonly problemPid: string;
  readonly problemLevel: string;
  readonly faults: string;
  readonly faultsHelp: string;
  readonly fault: Readonly<Record<TickableFault, string>>;
  readonly refused: string;
  readonly refusedHelp: string;
  readonly signOut: string;
  readonly signOutQuestion: string;
  readonly signedOut: string;
  readonly signingOut: string;
  readonly sending: string;
}
