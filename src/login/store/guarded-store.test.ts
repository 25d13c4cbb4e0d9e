import assert from 'node:assert/strict';
import test from 'node:test';
import { StoreUnavailable } from '../../store/errors.ts';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { guardStore } from './guarded-store.ts';

const START = 1_800_000_000;

/** A guarded store that fails, hangs and counts as it is told, and what its hooks heard. */
function world(): {
  readonly store: Store;
  readonly state: { mode: 'works' | 'fails' | 'hangs' | 'refuses writes' | 'fails once'; asked: number; clock: number };
  readonly heard: string[];
} {
  const state: ReturnType<typeof world>['state'] = { mode: 'works', asked: 0, clock: 0 };
  const heard: string[] = [];
  const inner = createMemoryStore({ now: () => START });
  const through = <T>(write: boolean, work: () => Promise<T>): Promise<T> => {
    state.asked += 1;
    const { mode } = state;
    if (mode === 'fails once') state.mode = 'works';
    if (mode === 'hangs') return new Promise(() => undefined);
    if (mode === 'fails' || mode === 'fails once' || (write && mode === 'refuses writes')) {
      return Promise.reject(new StoreUnavailable('down'));
    }
    return work();
  };
  const breakable: Store = {
    ...inner,
    read: (key) => through(false, () => inner.read(key)),
    once: (key, ttl) => through(true, () => inner.once(key, ttl)),
  };
  const store = guardStore(breakable, {
    clock: () => state.clock,
    onOperation: (operation, seconds, outcome) => heard.push(`${operation} ${outcome} ${seconds}`),
    onBreaker: (open) => heard.push(open ? 'open' : 'closed'),
  });
  return { store, state, heard };
}

const down = { name: 'StoreUnavailable' };

async function fail(store: Store, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await assert.rejects(store.read('a'), down);
}

test('ST-1: five failures in a row open the breaker, and then the store is not asked', async () => {
  const { store, state, heard } = world();
  state.mode = 'fails';
  await fail(store, 4);
  assert.equal(heard.includes('open'), false);
  await fail(store, 1);
  assert.equal(heard.at(-1), 'open');
  const { asked } = state;
  await fail(store, 10);
  assert.equal(state.asked, asked);
  assert.equal(heard.at(-1), 'read refused 0');
});

test('ST-1: failures that go on for a second open the breaker, however few', async () => {
  const { store, state, heard } = world();
  state.mode = 'fails';
  await fail(store, 1);
  state.clock += 999;
  await fail(store, 1);
  assert.equal(heard.includes('open'), false);
  state.clock += 1;
  await fail(store, 1);
  assert.equal(heard.at(-1), 'open');
});

test('ST-1: an answer between failures keeps the breaker closed', async () => {
  const { store, state, heard } = world();
  for (let round = 0; round < 5; round += 1) {
    state.mode = 'fails';
    await fail(store, 4);
    state.mode = 'works';
    state.clock += 400;
    await store.read('a');
  }
  assert.equal(heard.includes('open'), false);
});

test('ST-1: while the breaker is open one probe goes out every half second, and the first answer closes it', async () => {
  const { store, state, heard } = world();
  state.mode = 'fails';
  await fail(store, 5);
  const { asked } = state;
  for (let probe = 1; probe <= 3; probe += 1) {
    state.clock += 499;
    await fail(store, 3);
    state.clock += 1;
    await fail(store, 3);
    assert.equal(state.asked, asked + probe);
  }
  state.mode = 'works';
  state.clock += 500;
  assert.equal(await store.read('a'), undefined);
  assert.equal(heard.at(-1), 'closed');
  assert.equal(await store.once('a', 60), true);
});

test('ST-1: a store that takes no writes can still be read', async () => {
  const { store, state, heard } = world();
  state.mode = 'refuses writes';
  for (let i = 0; i < 10; i += 1) await assert.rejects(store.once('a', 60), down);
  assert.ok(heard.includes('open'));
  assert.equal(await store.read('a'), undefined);
  state.mode = 'works';
  state.clock += 500;
  assert.equal(await store.once('a', 60), true);
  assert.equal(heard.at(-2), 'once ok 0');
  assert.equal(heard.at(-1), 'closed');
});

test('ST-1: what failed is tried once more when it is a read, and never when it is a write', async () => {
  const { store, state } = world();
  state.mode = 'fails once';
  assert.equal(await store.read('a'), undefined);
  assert.equal(state.asked, 2);
  state.mode = 'fails once';
  await assert.rejects(store.once('a', 60), down);
  assert.equal(state.asked, 3);
});

test('ST-1: a store that hangs has failed after half a second', async () => {
  const { store, state, heard } = world();
  state.mode = 'hangs';
  const begun = performance.now();
  await assert.rejects(store.read('a'), down);
  const took = performance.now() - begun;
  assert.ok(took > 450 && took < 5000, `${took} ms`);
  assert.deepEqual(heard, ['read late 0']);
  assert.equal(state.asked, 1);
});

test('a lease that comes when it is not waited for any more is given back', async () => {
  const inner = createMemoryStore({ now: () => START });
  const { promise: gate, resolve: arrive } = Promise.withResolvers<void>();
  const store = guardStore({ ...inner, lease: (key, ttl) => gate.then(() => inner.lease(key, ttl)) });
  await assert.rejects(store.lease('a', 10), down);
  arrive();
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  assert.ok((await inner.lease('a', 10)) !== undefined);
});

test("a caller's mistake is no failure of the store", async () => {
  const { store, heard } = world();
  for (let i = 0; i < 10; i += 1) await assert.rejects(store.once('', 60), RangeError);
  assert.deepEqual(heard, []);
});
