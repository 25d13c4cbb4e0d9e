import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OpenStore } from './store.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

/** What the suite asks of records. */
export function records(open: OpenStore): void {
  it('gives back the bytes of a record and nothing for a key that was never written', async (t) => {
    const { store } = await open(t);
    const value = Buffer.from([0, 255, 10, 0, 128]);
    await store.put('a', value, 60);
    assert.deepEqual((await store.read('a'))?.value, value);
    assert.equal(await store.read('b'), undefined);
  });

  it('keeps its own copy: what a caller does to a buffer afterwards changes no record', async (t) => {
    const { store } = await open(t);
    const value = bytes('before');
    await store.put('a', value, 60);
    value.fill(0);
    const first = await store.read('a');
    assert.equal(first?.value.toString(), 'before');
    first?.value.fill(0);
    assert.equal((await store.read('a'))?.value.toString(), 'before');
  });

  it('create never overwrites a live record', async (t) => {
    const { store } = await open(t);
    assert.equal(await store.create('a', bytes('first'), 60), true);
    assert.equal(await store.create('a', bytes('second'), 60), false);
    assert.equal((await store.read('a'))?.value.toString(), 'first');
  });

  it('put overwrites, and starts a new time to live', async (t) => {
    const { store, advance } = await open(t);
    await store.put('a', bytes('first'), 10);
    await store.put('a', bytes('second'), 100);
    await advance(50);
    assert.equal((await store.read('a'))?.value.toString(), 'second');
  });

  it('a record is there until its time to live has run out and gone from then on', async (t) => {
    const { store, advance } = await open(t);
    await store.create('a', bytes('x'), 100);
    await advance(90);
    assert.notEqual(await store.read('a'), undefined);
    await advance(10);
    assert.equal(await store.read('a'), undefined);
    assert.equal(await store.delete('a'), false);
    assert.equal(await store.take('a'), undefined);
    assert.equal(await store.create('a', bytes('y'), 10), true);
  });

  it('update replaces the version it was shown and gives the record a new one', async (t) => {
    const { store } = await open(t);
    await store.create('a', bytes('1'), 60);
    const before = await store.read('a');
    assert.equal(await store.update('a', before?.version ?? -1, bytes('2')), 'ok');
    const after = await store.read('a');
    assert.equal(after?.value.toString(), '2');
    assert.notEqual(after?.version, before?.version);
    assert.equal(await store.update('a', before?.version ?? -1, bytes('3')), 'conflict');
    assert.equal((await store.read('a'))?.value.toString(), '2');
  });

  it('update keeps the time to live of the record', async (t) => {
    const { store, advance } = await open(t);
    await store.create('a', bytes('1'), 100);
    await advance(80);
    assert.equal(await store.update('a', (await store.read('a'))?.version ?? -1, bytes('2')), 'ok');
    await advance(20);
    assert.equal(await store.read('a'), undefined);
  });

  it('update never brings back a record that was deleted, taken or has run out', async (t) => {
    const { store, advance } = await open(t);
    const versions: number[] = [];
    for (const key of ['deleted', 'taken', 'expired']) {
      await store.create(key, bytes('1'), 100);
      versions.push((await store.read(key))?.version ?? -1);
    }
    await store.delete('deleted');
    await store.take('taken');
    await advance(100);
    for (const [i, key] of ['deleted', 'taken', 'expired'].entries()) {
      assert.equal(await store.update(key, versions[i] ?? -1, bytes('2')), 'gone');
      assert.equal(await store.read(key), undefined);
    }
  });

  it('a version of a deleted record is never that of the record that followed it', async (t) => {
    const { store } = await open(t);
    await store.create('a', bytes('1'), 60);
    const before = (await store.read('a'))?.version ?? -1;
    await store.delete('a');
    await store.create('a', bytes('2'), 60);
    assert.equal(await store.update('a', before, bytes('3')), 'conflict');
    assert.equal((await store.read('a'))?.value.toString(), '2');
  });

  it('delete says whether there was a record, and may be repeated', async (t) => {
    const { store } = await open(t);
    await store.put('a', bytes('x'), 60);
    assert.equal(await store.delete('a'), true);
    assert.equal(await store.delete('a'), false);
    assert.equal(await store.read('a'), undefined);
  });
}
