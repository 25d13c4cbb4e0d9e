import assert from 'node:assert/strict';
import test from 'node:test';
import { StoreUnavailable } from '../../store/errors.ts';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { startWorld, until } from '../testing/proxy.ts';
import type { World } from '../testing/proxy.ts';

/** A callback whose code is being redeemed; `letGo` lets the provider answer. */
async function redeeming(world: World) {
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  world.provider.bends.tokenGate = gate;
  const start = await world.browser.visit('/oauth2/login');
  const before = world.provider.callsTo('token').length;
  const callback = world.browser.visit(await world.provider.authorize(start.headers.location ?? ''));
  await until(() => world.provider.callsTo('token').length === before + 1);
  return { callback, letGo };
}

test('SE-10 LO-4: a login that a logout overtook is refused, told, and its tokens are revoked', async (t) => {
  const world = await startWorld(t);
  const { callback, letGo } = await redeeming(world);
  const query = new URLSearchParams({ iss: world.provider.issuer, sid: 'sid-1' }).toString();
  assert.equal((await world.newBrowser().ask(`/oauth2/logout/frontchannel?${query}`)).status, 200);
  letGo();
  assert.equal((await callback).status, 403);
  assert.deepEqual([...world.browser.jar.keys()], []);
  const failed = world.events.find(({ event }) => event === 'login.failed');
  assert.equal(failed?.event === 'login.failed' && failed.step, 'session');
  await until(() => world.provider.callsTo('revoke').length === 1);
});

test('4.10: a login that fails once its session is written leaves none behind', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  const records = new Set<string>();
  let down = false;
  const store: Store = {
    ...inner,
    async create(key, value, ttl) {
      records.add(key);
      const created = await inner.create(key, value, ttl);
      down = true;
      return created;
    },
    read: (key) => (down ? Promise.reject(new StoreUnavailable('down')) : inner.read(key)),
  };
  const world = await startWorld(t, { clock, store });
  const { callback, letGo } = await redeeming(world);
  letGo();
  assert.equal((await callback).status, 503);
  assert.equal(records.size, 1);
  down = false;
  const started = performance.now();
  const left = async (): Promise<number> =>
    (await Promise.all([...records].map((key) => inner.read(key)))).filter((one) => one !== undefined).length;
  while ((await left()) > 0) {
    assert.ok(performance.now() - started < 20_000, 'it stayed');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await until(() => world.provider.callsTo('revoke').length === 1);
});
