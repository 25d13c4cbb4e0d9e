import assert from 'node:assert/strict';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { empty } from '../../web/http.ts';
import { startWorld, until } from '../testing/proxy.ts';
import type { World } from '../testing/proxy.ts';

/** Two replicas on one store, and a browser at each with one session, whose token has run out. */
async function twoReplicas(t: TestContext): Promise<{ one: World; two: World }> {
  const clock = { seconds: 1_800_000_000 };
  const store = createMemoryStore({ now: () => clock.seconds });
  const one = await startWorld(t, { store, clock });
  const two = await startWorld(t, { store, clock, provider: one.provider });
  await one.logIn();
  for (const [name, value] of one.browser.jar) two.browser.jar.set(name, value);
  clock.seconds += 3601;
  return { one, two };
}

test('8.3: who waits for another replica’s refresh hears at once that it failed, and the provider is not asked again', async (t) => {
  const { one, two } = await twoReplicas(t);
  const { bends } = one.provider;
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  bends.tokenGate = gate;
  bends.instead.token = [empty(503), empty(503)];
  const before = one.provider.callsTo('token').length;
  const holder = one.browser.ask('/x');
  await until(() => one.provider.callsTo('token').length === before + 1);
  const begun = performance.now();
  const waiting = two.browser.ask('/x');
  await new Promise((resolve) => setTimeout(resolve, 50));
  letGo();
  assert.deepEqual([(await holder).status, (await waiting).status], [503, 503]);
  assert.ok(performance.now() - begun < 8000);
  assert.equal(one.provider.callsTo('token').length, before + 2);
});

test('8.3: a lease that was left behind is taken over by who waits for it', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  const asked: string[] = [];
  const lease: Store['lease'] = async (key, ttl) => {
    asked.push(key);
    // The first one goes to somebody who dies with it.
    if (asked.length === 1) await inner.lease(key, ttl);
    if (asked.length === 3) clock.seconds += 11;
    return inner.lease(key, ttl);
  };
  const world = await startWorld(t, { store: { ...inner, lease }, clock });
  await world.logIn();
  clock.seconds += 3601;
  assert.equal((await world.browser.ask('/x')).status, 200);
  assert.equal(asked.length, 3);
});

test('8.3: a lease is renewed for at most 30 s, however long the work takes', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  let renewals = 0;
  const lease: Store['lease'] = async (key, ttl) => {
    const taken = await inner.lease(key, ttl);
    return (
      taken && {
        ...taken,
        renew() {
          renewals += 1;
          return taken.renew();
        },
      }
    );
  };
  const world = await startWorld(t, { store: { ...inner, lease }, clock });
  await world.logIn();
  clock.seconds += 3601;
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  world.provider.bends.tokenGate = gate;
  const before = world.provider.callsTo('token').length;
  const asked = world.browser.ask('/x');
  await until(() => world.provider.callsTo('token').length === before + 1);
  t.mock.timers.tick(29_000);
  assert.equal(renewals, 9);
  t.mock.timers.tick(60_000);
  assert.ok(renewals <= 10, `${renewals} renewals`);
  letGo();
  assert.equal((await asked).status, 200);
});

test('8.3: who waits hears of a failure before the lease is free: nobody takes it to fail once more', async (t) => {
  const { one, order } = await recorded(t);
  one.provider.bends.instead.token = [empty(503), empty(503)];
  assert.equal((await one.browser.ask('/x')).status, 503);
  await until(() => order.length === 2);
  assert.deepEqual(order, ['told', 'released']);
});

/** A world with a due session, and what its refresh does last. */
async function recorded(t: TestContext): Promise<{ one: World; order: string[] }> {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  const order: string[] = [];
  const store: Store = {
    ...inner,
    async publish(channel, message) {
      await inner.publish(channel, message);
      if (channel === 'login:refresh-failed') order.push('told');
    },
    async lease(key, ttl) {
      const taken = await inner.lease(key, ttl);
      return (
        taken && {
          ...taken,
          async release() {
            order.push('released');
            await taken.release();
          },
        }
      );
    },
  };
  const one = await startWorld(t, { store, clock });
  await one.logIn();
  clock.seconds += 3601;
  return { one, order };
}
