import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { generatePrivateJwk } from '../../oauth/jwk.ts';
import { RegistryUnavailable } from '../../registry/contract.ts';
import type { Registry } from '../../registry/contract.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import { administer, bearer, selfSigned } from '../testing/operators.ts';
import { createTestKeys, createWorld, defaultData, START } from '../testing/world.ts';
import type { Answer } from '../testing/world.ts';

const keys = await createTestKeys();
const chief = await generatePrivateJwk('RS256', 'chief-1');

/** Revokes 40 sessions at once at a server whose registry does this before each commit. */
async function revokeMany(
  t: { after(end: () => Promise<void>): void },
  before: () => Promise<void>,
): Promise<readonly Answer[]> {
  const registry = createMemoryRegistry({ now: () => START, initial: defaultData(keys) });
  let isStarted = false;
  const slow: Registry = {
    ...registry,
    async commit(version, change) {
      if (isStarted) await before();
      return registry.commit(version, change);
    },
  };
  const world = await createWorld({ keys, registry: slow, config: { operators: [selfSigned(chief)] } });
  t.after(() => world.close());
  isStarted = true;
  const token = await bearer(world, chief);
  return Promise.all(
    Array.from({ length: 40 }, (_, place) =>
      administer(world, '/admin/revocations', { token, body: { kind: 'sid', value: `s-${place}` } }),
    ),
  );
}

test('V3: many sessions that end at once are all revoked: changes of one process do not refuse each other', async (t) => {
  const answers = await revokeMany(t, () => pause(2));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
});

test('G5, F03: changes that wait for a registry which answers no more are refused together, not one after the other', async (t) => {
  const began = performance.now();
  const answers = await revokeMany(t, async () => {
    await pause(400);
    throw new RegistryUnavailable('no answer');
  });
  assert.ok(performance.now() - began < 8000, `${performance.now() - began} ms`);
  assert.deepEqual(
    new Set(answers.map(({ status, body }) => `${status} ${String(body['fm_reason'])}`)),
    new Set(['503 registry-unavailable']),
  );
});
