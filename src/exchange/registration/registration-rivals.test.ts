import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryUnavailable } from '../../registry/contract.ts';
import type { Registry, RegistryChange } from '../../registry/contract.ts';
import { createMemoryRegistry } from '../../registry/registry.ts';
import { createRegistrarBench, API } from '../testing/registrar-bench.ts';
import { START, defaultData } from '../testing/world.ts';

const { keys, open, registerAs, ask } = await createRegistrarBench();

/** A registry where this happens before a commit. */
function disturbed(before: (registry: Registry) => Promise<unknown>): Registry {
  const registry = createMemoryRegistry({ now: () => START, initial: defaultData(keys) });
  return {
    ...registry,
    async commit(version: number, change: RegistryChange) {
      // The start of the server is left in peace.
      if (change.putIssuers === undefined) await before(registry);
      return registry.commit(version, change);
    },
  };
}

test('T6: somebody else writes first: it is planned again; always: 503 with Retry-After', async (t) => {
  let rivals = 3;
  const bump = async (registry: Registry): Promise<void> => {
    rivals -= 1;
    if (rivals >= 0) await registry.commit(registry.snapshot().version, {});
  };
  const world = await open(t, { registry: disturbed(bump) });
  assert.equal((await registerAs(world, 'chief')).status, 201);
  rivals = Infinity;
  const answer = await ask(world, API, 'DELETE');
  assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '1']);
  assert.equal(answer.body['fm_reason'], 'registry-unavailable');
});

test('T2: an app that a manifest declares while it is being registered stays the manifest`s', async (t) => {
  const manifest = { ...defaultData(keys).apps[0], id: API } as const;
  const world = await open(t, {
    registry: disturbed(async (registry) => {
      if (registry.snapshot().app(API) !== undefined) return;
      await registry.commit(registry.snapshot().version, { putApps: [manifest as never] });
    }),
  });
  assert.equal((await registerAs(world, 'chief')).status, 403);
  assert.equal(world.registry.snapshot().app(API)?.source, undefined);
});

test('T6, F03: the registry is out of reach: 503 with Retry-After, and nothing is written', async (t) => {
  const world = await open(t, {
    registry: disturbed(() => Promise.reject(new RegistryUnavailable('no disk'))),
  });
  for (const answer of [await registerAs(world, 'chief')]) {
    assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '1'], answer.text);
  }
  assert.equal(world.registry.snapshot().app(API), undefined);
});

test('T6: nothing to do is said of the newest version, not of one that another process has left behind', async (t) => {
  const registry = createMemoryRegistry({ now: () => START, initial: defaultData(keys) });
  const other = await open(t, { registry });
  await registerAs(other, 'chief', { inbound: ['dev:fleet:web'] });
  let seen = registry.snapshot();
  const late: Registry = {
    ...registry,
    snapshot: () => seen,
    refresh: async () => (seen = registry.snapshot()),
    async commit(version, change) {
      const result = await registry.commit(version, change);
      seen = registry.snapshot();
      return result;
    },
  };
  const world = await open(t, { registry: late });
  await registerAs(other, 'chief', { inbound: ['dev:fleet:store'] });
  assert.equal((await registerAs(world, 'chief', { inbound: ['dev:fleet:web'] })).status, 201);
  assert.deepEqual(
    registry
      .snapshot()
      .app(API)
      ?.spec.inbound.map(({ application }) => application),
    ['web'],
  );
});
