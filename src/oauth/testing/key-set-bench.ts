import assert from 'node:assert/strict';
import { generatePrivateJwk, publicJwk } from '../jwk.ts';
import type { PublicJwk } from '../jwk.ts';
import { createRemoteKeySet } from '../jwks.ts';
import type { KeySet, KeySetEvent, RemoteKeySetOptions } from '../jwks.ts';
import { JoseError } from '../jws.ts';

/** Where the keys of every bench are. */
export const URL_OF_KEYS = 'https://issuer.test/jwks';

/** A provider under the test's command, and a key set that looks at it. */
export interface KeySetBench {
  /** What is published. */
  keys: readonly unknown[];
  /** What is wrong with the answers. */
  broken: 'no' | 'status' | 'network' | 'text';
  /** Seconds since the epoch. */
  time: number;
  fetches: number;
  readonly events: KeySetEvent[];
  readonly keySet: KeySet;
  readonly finds: (kid: string) => Promise<boolean | 'unavailable'>;
}

/** Keys for ES256 named a, b and c. */
export async function threeKeys(): Promise<readonly [PublicJwk, PublicJwk, PublicJwk]> {
  return Promise.all([make('a'), make('b'), make('c')]);
}

async function make(kid: string): Promise<PublicJwk> {
  return publicJwk(await generatePrivateJwk('ES256', kid));
}

/** What the provider answers now; counts as a fetch. */
export function answerOf(bench: KeySetBench): Response {
  bench.fetches += 1;
  if (bench.broken === 'network') throw new TypeError('connection refused');
  if (bench.broken === 'status') return new Response('no', { status: 404 });
  return new Response(bench.broken === 'text' ? '{"keys":' : JSON.stringify({ keys: bench.keys }));
}

/** A provider that publishes these keys; its key set has the test's clock and no spread. */
export function createKeySetBench(keys: readonly unknown[], options: Partial<RemoteKeySetOptions> = {}): KeySetBench {
  const events: KeySetEvent[] = [];
  const keySet = createRemoteKeySet({
    jwksUri: URL_OF_KEYS,
    now: () => bench.time,
    random: () => 0.5,
    pause: async () => {},
    onEvent: (event) => events.push(event),
    fetch: async (url) => {
      assert.equal(url, URL_OF_KEYS);
      return answerOf(bench);
    },
    ...options,
  });
  const finds = async (kid: string): Promise<boolean | 'unavailable'> => {
    try {
      return (await keySet.keysFor(kid, 'ES256')).length > 0;
    } catch (error) {
      assert.ok(error instanceof JoseError && error.code === 'keys_unavailable');
      return 'unavailable';
    }
  };
  const bench: KeySetBench = { keys, broken: 'no', time: 1_000_000, fetches: 0, events, keySet, finds };
  return bench;
}

/** Lets a fetch in the background finish. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}
