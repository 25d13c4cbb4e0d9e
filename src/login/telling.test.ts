import assert from 'node:assert/strict';
import test from 'node:test';
import { StoreUnavailable } from '../store/errors.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import type { LoginEvent } from './events.ts';
import { tellSeldom } from './telling.ts';
import { HOST, startWorld } from './testing/proxy.ts';
import type { World } from './testing/proxy.ts';

const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

function told<K extends LoginEvent['event']>({ events }: World, name: K): readonly Extract<LoginEvent, { event: K }>[] {
  return events.filter((event): event is Extract<LoginEvent, { event: K }> => event.event === name);
}

test('OP-6: who is sent to sign in was denied nothing; who gets 401 was, and strangers fill no audit log with it', async (t) => {
  const world = await startWorld(t);
  const stranger = world.newBrowser(HOST);
  for (let i = 0; i < 3; i += 1) {
    const answer = await stranger.ask('/page', { headers: NAVIGATION });
    assert.equal(answer.status, 302);
  }
  assert.deepEqual(told(world, 'access.denied'), []);
  for (let i = 0; i < 130; i += 1) assert.equal((await stranger.ask('/api')).status, 401);
  assert.equal(told(world, 'access.denied').length, 100);
  world.clock.seconds += 61;
  await stranger.ask('/api');
  assert.partialDeepStrictEqual(told(world, 'access.denied').slice(100), [
    { event: 'access.denied', decision: 'unauthenticated', client_id: 'client-1', left_out: 30 },
  ]);
});

test('OP-6: a store that is down is told of when it begins and every ten seconds, not with every request', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  let down = false;
  const store: Store = {
    ...inner,
    read: (key) => (down ? Promise.reject(new StoreUnavailable('down')) : inner.read(key)),
  };
  const world = await startWorld(t, { clock, store });
  await world.logIn();
  down = true;
  for (let i = 0; i < 30; i += 1) assert.equal((await world.browser.ask('/api')).status, 503);
  const first = told(world, 'store.unavailable');
  const reasons = new Set(first.map(({ reason }) => reason));
  assert.equal(first.length, reasons.size, 'once for each reason');
  assert.ok(reasons.size <= 2);
  clock.seconds += 11;
  await world.browser.ask('/api');
  const [again] = told(world, 'store.unavailable').slice(first.length);
  assert.ok(again !== undefined && (again.left_out ?? 0) > 0);
});

test('T36 what is told seldom is remembered of few reasons', () => {
  const events: LoginEvent[] = [];
  const emit = tellSeldom(
    (event) => events.push(event),
    () => 0,
  );
  for (let i = 0; i < 5000; i += 1) emit({ event: 'store.unavailable', reason: `r${i}` });
  assert.ok(events.length <= 101, String(events.length));
});
