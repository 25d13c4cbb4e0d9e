import type { VerificationKey } from './jwk.ts';

/** How a key set is doing. */
interface KeySetState {
  readonly keys: number;
  /** Grows when a key disappears or changes; what was verified with an older generation must be verified again. */
  readonly generation: number;
  /** Seconds since the epoch; absent while no set was ever loaded. */
  readonly fetchedAt?: number;
  /** Why the last fetch failed; absent when it did not. */
  readonly failure?: string;
  /** Keys of the last set that could not be used. */
  readonly skipped?: number;
}

/** The keys of one issuer. */
export interface KeySet {
  /**
   * With a `kid` the key of that name, whatever its algorithm; without one all keys that can do the algorithm. Empty when there is
   * none. Throws JoseError `keys_unavailable` when that cannot be told: there is no usable set, or it holds no such key and the
   * newest one could not be had.
   */
  keysFor(kid: string | undefined, algorithm: string): Promise<readonly VerificationKey[]>;
  /** The same without waiting: undefined when only a fetch could tell. */
  keysInMemory(kid: string | undefined, algorithm: string): readonly VerificationKey[] | undefined;
  /** Fetches again if the cool-down allows: for a bad signature of a token without `kid`. Whether a set was fetched. */
  refresh(): Promise<boolean>;
  /**
   * What a verdict stands on: the same value for as long as no key disappears or changes, equal to that of no other key set, undefined
   * while there is no usable set. A set that is due is refreshed, as for a key.
   */
  standing(): object | undefined;
  state(): KeySetState;
  /** Loads the set if need be, and has it refreshed if it is due; whether there is one. */
  ready(): Promise<boolean>;
  close(): void;
}

/** Why a set is wanted anew: there is none, it has its age, or a token names a key that is not in it. */
export type FetchCause = 'first' | 'age' | 'unknown_kid';

/** What a remote key set tells. `url` is where the keys are. */
export type KeySetEvent =
  | {
      readonly event: 'jwks.fetched';
      readonly url: string;
      readonly keys: number;
      readonly generation: number;
      readonly because: FetchCause;
    }
  | {
      readonly event: 'jwks.failed';
      readonly url: string;
      readonly reason: string;
      readonly ageSeconds?: number;
      readonly because: FetchCause;
    }
  | { readonly event: 'jwks.key_skipped'; readonly url: string; readonly reason: string };
