import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OpenStore } from './store.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

/** What the suite asks at the edges: names, limits, the end. */
export function edges(open: OpenStore): void {
  it('records, marks, leases and indexes of one name do not meet', async (t) => {
    const { store } = await open(t);
    assert.equal(await store.create('a', bytes('x'), 60), true);
    assert.equal(await store.once('a', 60), true);
    const lease = await store.lease('a', 60);
    assert.notEqual(lease, undefined);
    await store.addToIndex('a', 'm', 60);
    assert.equal(await store.delete('a'), true);
    assert.equal(await store.once('a', 60), false);
    assert.equal(await lease?.renew(), true);
    assert.deepEqual(await store.members('a'), ['m']);
  });

  it('remembers since no later than the first thing it was told', async (t) => {
    const { store, advance } = await open(t);
    const since = store.rememberedSince();
    assert.ok(Number.isFinite(since));
    await advance(1000);
    await store.once('a', 60);
    assert.equal(store.rememberedSince(), since);
  });

  it('tells the time it goes by, within two seconds of what it was', async (t) => {
    const { store, other } = await open(t);
    const [one, two] = [await store.now(), await other.now()];
    assert.ok(Number.isFinite(one) && two >= one && two - one < 2, `${one} ${two}`);
  });

  it('takes keys of any characters as they are', async (t) => {
    const { store } = await open(t);
    const keys = ["'; DROP TABLE entries; --", 'a\u0000b', 'a', 'æøå 🔑', '__proto__', 'a*', '%'];
    for (const key of keys) await store.put(key, bytes(key), 60);
    for (const key of keys) assert.equal((await store.read(key))?.value.toString(), key);
  });

  it('refuses keys, values and times to live that are over the limits, as a mistake of the caller', async (t) => {
    const { store } = await open(t);
    await assert.rejects(store.put('', bytes('x'), 60), RangeError);
    await assert.rejects(store.put('k'.repeat(1025), bytes('x'), 60), RangeError);
    await assert.rejects(store.put('a', Buffer.alloc(1024 * 1024 + 1), 60), RangeError);
    await assert.doesNotReject(store.put('k'.repeat(1024), Buffer.alloc(1024 * 1024), 60));
    for (const ttl of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(store.create('a', bytes('x'), ttl), RangeError);
      await assert.rejects(store.once('a', ttl), RangeError);
      await assert.rejects(store.lease('a', ttl), RangeError);
      await assert.rejects(store.addToIndex('a', 'm', ttl), RangeError);
    }
  });

  it('a closed store answers that it is unavailable, never that there is nothing', async (t) => {
    const { store } = await open(t);
    await store.put('a', bytes('x'), 60);
    await store.close();
    await store.close();
    const unavailable = { name: 'StoreUnavailable' };
    await assert.rejects(store.read('a'), unavailable);
    await assert.rejects(store.once('a', 60), unavailable);
    await assert.rejects(store.delete('a'), unavailable);
    await assert.rejects(store.members('a'), unavailable);
    await assert.rejects(store.now(), unavailable);
  });
}
