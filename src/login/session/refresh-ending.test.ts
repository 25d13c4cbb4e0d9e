import assert from 'node:assert/strict';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { StoreUnavailable } from '../../store/errors.ts';
import { startWorld, until } from '../testing/proxy.ts';
import type { World } from '../testing/proxy.ts';

/** Two proxies with one session that is due; the provider answers a refresh once it is let go. `own`: the first one's way to the store. */
async function twoAtADueRefresh(
  t: TestContext,
  { own, store, clock }: { readonly own: Store; readonly store: Store; readonly clock: { seconds: number } },
): Promise<{ readonly one: World; readonly two: World; readonly calls: number; readonly letGo: () => void }> {
  const one = await startWorld(t, { store: own, clock });
  const two = await startWorld(t, { store, clock, provider: one.provider });
  await one.logIn();
  for (const [name, value] of one.browser.jar) two.browser.jar.set(name, value);
  clock.seconds += 3601;
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  one.provider.bends.tokenGate = gate;
  return { one, two, calls: one.provider.callsTo('token').length, letGo };
}

for (const graceSeconds of [0, 5])
  test(`OP-9: a proxy that ends in the middle of a refresh stores the tokens and gives the lease back (grace ${graceSeconds} s)`, async (t) => {
    const clock = { seconds: 1_800_000_000 };
    const store = createMemoryStore({ now: () => clock.seconds });
    const released: string[] = [];
    const watched: Store = {
      ...store,
      async lease(key, ttl) {
        const lease = await store.lease(key, ttl);
        const release = async (): Promise<void> => {
          await lease?.release();
          released.push(key);
        };
        return lease === undefined ? undefined : { ...lease, release };
      },
    };
    const { one, two, calls, letGo } = await twoAtADueRefresh(t, { own: watched, store, clock });
    const asked = one.browser.ask('/x').then(
      ({ status }) => status,
      () => 'cut',
    );
    await until(() => one.provider.callsTo('token').length === calls + 1);
    const ended = one.end(graceSeconds);
    if (graceSeconds === 0) assert.equal(await asked, 'cut');
    letGo();
    await ended;
    assert.equal(await asked, graceSeconds === 0 ? 'cut' : 200);
    assert.equal(released.length, 1);
    assert.equal((await two.browser.ask('/x')).status, 200);
    assert.equal(one.provider.callsTo('token').length, calls + 1);
  });

test('OP-9: tokens that the store did not take in the middle of the end are stored before it is over', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const store = createMemoryStore({ now: () => clock.seconds });
  const updates = { failing: 0, done: 0 };
  const flaky: Store = {
    ...store,
    async update(...args) {
      if (updates.failing-- > 0) throw new StoreUnavailable('away');
      const result = await store.update(...args);
      updates.done += 1;
      return result;
    },
  };
  const { one, two, calls, letGo } = await twoAtADueRefresh(t, { own: flaky, store, clock });
  const asked = one.browser.ask('/x').catch(() => undefined);
  await until(() => one.provider.callsTo('token').length === calls + 1);
  const ended = one.end();
  await asked;
  Object.assign(updates, { failing: 1, done: 0 });
  letGo();
  await ended;
  // Whoever ends the proxy closes the store next.
  assert.equal(updates.done, 1);
  assert.equal((await two.browser.ask('/x')).status, 200);
  assert.equal(one.provider.callsTo('token').length, calls + 1);
});
