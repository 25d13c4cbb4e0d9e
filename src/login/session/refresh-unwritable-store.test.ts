import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { StoreUnavailable } from '../../store/errors.ts';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { startWorld } from '../testing/proxy.ts';

function unwritable(clock: { readonly seconds: number }) {
  const inner = createMemoryStore({ now: () => clock.seconds });
  const down = new Set<'lease' | 'update'>();
  const leases = { asked: 0 };
  const store: Store = {
    ...inner,
    lease(key, ttl) {
      leases.asked += 1;
      return down.has('lease') ? Promise.reject(new StoreUnavailable('read-only')) : inner.lease(key, ttl);
    },
    update: (key, version, value) =>
      down.has('update') ? Promise.reject(new StoreUnavailable('full')) : inner.update(key, version, value),
  };
  return { store, down, leases };
}

test('8 W5: a store that can be read but not written refreshes nobody; the old token serves while it lives, then 503', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const { store, down, leases } = unwritable(clock);
  const world = await startWorld(t, { store, clock });
  await world.logIn();
  down.add('lease');
  clock.seconds += 3575;
  for (let index = 0; index < 3; index += 1) assert.equal((await world.browser.ask('/x')).status, 200);
  assert.equal(leases.asked, 1, 'not at every request');
  assert.ok(world.events.some(({ event }) => event === 'store.unavailable'));
  assert.equal((await world.browser.ask('/oauth2/session/refresh', { method: 'POST' })).status, 503);
  clock.seconds += 26;
  assert.equal((await world.browser.ask('/x')).status, 503);
  down.clear();
  clock.seconds += 6;
  assert.equal((await world.browser.ask('/x')).status, 200);
});

test('8: tokens that wait to be stored are not asked for again, though the lease ran out meanwhile: nobody is signed out', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const { store, down } = unwritable(clock);
  const world = await startWorld(t, { store, clock });
  await world.logIn();
  clock.seconds += 3601;
  down.add('update');
  const before = world.provider.callsTo('token').length;
  assert.equal((await world.browser.ask('/x')).status, 503);
  // Past the pause after a failure, and past the lease.
  clock.seconds += 11;
  assert.equal((await world.browser.ask('/x')).status, 503);
  assert.equal(world.provider.callsTo('token').length, before + 1);
  down.clear();
  const started = performance.now();
  while ((await world.browser.ask('/x')).status === 503) {
    assert.ok(performance.now() - started < 20_000, 'it was never stored');
    await wait(20);
  }
  assert.equal((await world.browser.ask('/x')).status, 200);
  assert.equal(world.provider.callsTo('token').length, before + 1, 'one call for one refresh');
});
