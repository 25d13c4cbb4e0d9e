import type { Case } from './case.ts';
import type { Keys } from './keys.ts';
import type { FakeProvider } from './provider.ts';
import type { Surroundings } from './surroundings.ts';

/** A sidecar that runs, and the provider it talks to. */
export interface World {
  /** Where its API is. */
  readonly base: string;
  readonly provider: FakeProvider;
  readonly keys: Keys;
  /** Absent where nobody here starts the sidecar. */
  readonly surroundings?: Surroundings;
  /** Seconds since the epoch, by the sidecar's clock. */
  readonly now: () => number;
  /** Moves that clock; absent where nobody can. */
  readonly advance?: (seconds: number) => void;
  close(): Promise<void>;
}

/** What the cases are run against. */
export interface Implementation {
  readonly name: string;
  /** Cases that may run at one time. */
  readonly concurrency: number;
  /** How far apart its clock and the driver's may be, in seconds. */
  readonly blurSeconds: number;
  /** Why a case cannot be run on it; undefined if it can. */
  cannot(one: Case): string | undefined;
  /** A world for one case, to be given back by `release`. */
  open(one: Case): Promise<{ readonly world: World; readonly release: () => Promise<void> }>;
  close(): Promise<void>;
}
