import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { generatePrivateJwk } from '../../oauth/jwk.ts';
import type { PrivateJwk } from '../../oauth/jwk.ts';
import type { Registry } from '../../registry/contract.ts';
import { createKeyWrapper } from '../../registry/key-wrapper.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import type { TokenAlgorithm } from '../config.ts';
import type { ExchangeEvent } from '../record/events.ts';
import { openSigningKeys } from '../keys/signing-keys.ts';
import type { SigningKeyOptions, SigningKeys } from '../keys/signing-keys.ts';
import { START } from './world.ts';

/** Replicas of signing keys over one registry, with a clock that stands. */
export interface KeyBench {
  readonly clock: { now: number };
  readonly registry: Registry;
  readonly events: ExchangeEvent[];
  readonly algorithms: Set<TokenAlgorithm>;
  /** One more replica; it ends with the test. */
  readonly open: (changes?: Partial<SigningKeyOptions>) => Promise<SigningKeys>;
  /** States of the keys of one algorithm in the store. */
  readonly states: (alg?: string) => Promise<readonly string[]>;
}

/** RSA keys are dear: the same pair comes under a new name each time. */
export async function cheapKeys(): Promise<typeof generatePrivateJwk> {
  const pairs = new Map<string, PrivateJwk>();
  return async (alg, kid = randomUUID()) => {
    const pair = pairs.get(alg) ?? (await generatePrivateJwk(alg));
    pairs.set(alg, pair);
    return { ...pair, kid };
  };
}

/** Rules of the tests unless they have their own: the defaults of the server. */
export const RULES: SigningKeyOptions['rules'] = {
  maxAgeSeconds: 300,
  stagedForSeconds: 3600,
  activeForSeconds: 86_400,
  retiredForSeconds: 86_400,
};

/** An empty registry and nobody that serves from it. */
export function createKeyBench(
  t: { after: (end: () => Promise<void>) => void },
  generate: typeof generatePrivateJwk,
): KeyBench {
  const clock = { now: START };
  const registry = createMemoryRegistry({ now: () => clock.now });
  const events: ExchangeEvent[] = [];
  const algorithms = new Set<TokenAlgorithm>();
  const wrapper = createKeyWrapper(randomBytes(32));
  return {
    clock,
    registry,
    events,
    algorithms,
    async open(changes) {
      const opened = await openSigningKeys({
        store: registry.signingKeys,
        registry,
        wrapper,
        generate,
        now: () => clock.now,
        rules: RULES,
        algorithmsInUse: () => algorithms,
        emit: (event) => void events.push(event),
        ...changes,
      });
      t.after(() => opened.close());
      return opened;
    },
    async states(alg = 'RS256') {
      const { keys } = await registry.signingKeys.load('tokenx');
      return keys.filter((key) => key.alg === alg).map(({ state }) => state);
    },
  };
}

/** A place for a journal of revoked keys, in a folder that goes with the test. */
export function journalFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-keys-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'revocations.jsonl');
}
