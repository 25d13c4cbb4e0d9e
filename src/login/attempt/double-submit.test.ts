import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { startWorld } from '../testing/proxy.ts';

test('4.5: a double click on a slow store is one login: the second gets the outcome of the first, nobody goes to the provider again', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  const put: Store['put'] = async (key, value, ttl) => {
    await wait(300);
    return inner.put(key, value, ttl);
  };
  const world = await startWorld(t, { clock, store: { ...inner, put } });
  const start = await world.browser.visit('/oauth2/login?redirect=%2Fdeep');
  const path = await world.provider.authorize(start.headers.location ?? '');
  const other = world.newBrowser();
  for (const [name, value] of world.browser.jar) other.jar.set(name, value);
  const [one, two] = await Promise.all([world.browser.visit(path), other.visit(path)]);
  assert.deepEqual([one.headers.location, two.headers.location], ['/deep', '/deep']);
  assert.equal(world.provider.callsTo('token').length, 1);
  const session = '__Host-fullmakt.session';
  assert.equal(other.jar.get(session), world.browser.jar.get(session));
});
