import { describe, type TestContext } from 'node:test';
import type { Store } from '../../src/store/store.ts';
import { claims } from './store-claims.ts';
import { edges } from './store-edges.ts';
import { interleavings } from './store-interleavings.ts';
import { records } from './store-records.ts';
import { setsAndChannels } from './store-sets.ts';

/** A store to judge. It may go by the time of a server: a test has to be done within a second of what it is told. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Moves the clock the store goes by, or makes everything in it so much older. */
  readonly advance: (seconds: number) => void | Promise<void>;
  /** Another client of the same data, where the store can have one; else the same client. */
  readonly other: Store;
}

/** Makes an empty store for one test and sees to it that it is closed afterwards. */
export type OpenStore = (t: TestContext) => StoreUnderTest | Promise<StoreUnderTest>;

/** Registers the suite that every implementation of `Store` has to pass. */
export function storeContract(name: string, open: OpenStore, skip: string | false = false): void {
  describe(`${name} store`, { skip }, () => {
    records(open);
    claims(open);
    setsAndChannels(open);
    edges(open);
    interleavings(open);
  });
}
