import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryStore } from './memory.ts';

const START = 1_800_000_000;

describe('memory store at its bounds', () => {
  it('refuses a new key when it is full, and forgets nothing it holds', async (t) => {
    const store = createMemoryStore({ now: () => START, maxEntries: 3 });
    t.after(() => store.close());
    assert.equal(await store.once('jti', 60), true);
    await store.put('a', Buffer.from('x'), 60);
    await store.addToIndex('i', 'm', 60);
    await assert.rejects(store.once('new', 60), { name: 'StoreUnavailable' });
    await assert.rejects(store.addToIndex('i', 'n', 60), { name: 'StoreUnavailable' });
    await store.put('a', Buffer.from('y'), 60);
    assert.equal(await store.once('jti', 60), false);
    assert.deepEqual(await store.members('i'), ['m']);
  });

  it('has room again when entries have run out or were removed', async (t) => {
    let time = START;
    const store = createMemoryStore({ now: () => time, maxEntries: 2 });
    t.after(() => store.close());
    await store.once('a', 10);
    await store.addToIndex('i', 'm', 100);
    await assert.rejects(store.once('b', 10), { name: 'StoreUnavailable' });
    time += 10;
    assert.equal(await store.once('b', 10), true);
    await store.removeFromIndex('i', 'm');
    assert.equal(await store.once('c', 10), true);
  });

  it('counts bytes as well as entries', async (t) => {
    const store = createMemoryStore({ now: () => START, maxBytes: 4096 });
    t.after(() => store.close());
    await store.put('a', Buffer.alloc(3000), 60);
    await assert.rejects(store.put('b', Buffer.alloc(3000), 60), { name: 'StoreUnavailable' });
    await store.put('a', Buffer.alloc(3500), 60);
    await store.delete('a');
    await store.put('b', Buffer.alloc(3000), 60);
  });

  it('stays within its bound under ten times as many keys, each of which runs out', async (t) => {
    let time = START;
    const store = createMemoryStore({ now: () => time, maxEntries: 5000 });
    t.after(() => store.close());
    for (let i = 0; i < 50_000; i += 1) {
      if (i % 1000 === 0) time += 1;
      assert.equal(await store.once(`jti ${i}`, 4), true);
    }
  });

  it('forgets what was first written, by number and by bytes, where it is told to', async (t) => {
    const store = createMemoryStore({ now: () => START, maxEntries: 3, maxBytes: 4096, whenFull: 'forget-oldest' });
    t.after(() => store.close());
    await store.addToIndex('i', 'first', 60);
    await store.put('a', Buffer.from('x'), 60);
    await store.put('b', Buffer.from('y'), 60);
    await store.addToIndex('i', 'last', 60);
    assert.deepEqual(await store.members('i'), ['last']);
    await store.put('a', Buffer.alloc(3000), 60);
    assert.equal((await store.read('b'))?.value.toString(), 'y');
    await store.put('c', Buffer.alloc(3000), 60);
    assert.equal(await store.read('a'), undefined);
    await assert.rejects(store.put('too large for any room', Buffer.alloc(5000), 60), { name: 'StoreUnavailable' });
    assert.equal((await store.read('b'))?.value.toString(), 'y');
    assert.deepEqual(await store.members('i'), ['last']);
  });
});
