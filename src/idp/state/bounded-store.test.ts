import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import { boundStore } from './bounded-store.ts';

const VALUE = Buffer.from('1');

function open(max?: number): ReturnType<typeof boundStore> {
  return boundStore(createMemoryStore({ now: () => 0 }), max);
}

test('of each kind 10,000 records are kept, and the oldest makes room', async () => {
  const { store } = open();
  await store.put('idp openid refresh first', VALUE, 60);
  for (let count = 0; count < 10_000; count += 1) await store.put(`idp openid sso ${count}`, VALUE, 60);
  assert.notEqual(await store.read('idp openid sso 0'), undefined, 'at the limit');
  await store.create('idp openid sso next', VALUE, 60);
  assert.equal(await store.read('idp openid sso 0'), undefined, 'one over');
  for (const key of ['sso 1', 'sso next', 'refresh first']) {
    assert.notEqual(await store.read(`idp openid ${key}`), undefined, key);
  }
});

test('what is deleted or taken makes room; what is written again is the newest', async () => {
  const { store } = open(2);
  for (const name of ['a', 'b']) await store.put(`k ${name}`, VALUE, 60);
  assert.equal(await store.delete('k a'), true);
  await store.put('k c', VALUE, 60);
  await store.put('k b', VALUE, 60);
  assert.notEqual(await store.take('k c'), undefined);
  for (const name of ['d', 'e']) await store.put(`k ${name}`, VALUE, 60);
  assert.deepEqual(
    await Promise.all(['b', 'd', 'e'].map(async (name) => (await store.read(`k ${name}`)) !== undefined)),
    [false, true, true],
  );
});

test('indexes are bounded in members and in number', async () => {
  const { store } = open(2);
  for (const member of ['a', 'b', 'c']) await store.addToIndex('idp sessions', member, 60);
  assert.deepEqual((await store.members('idp sessions')).toSorted(), ['b', 'c']);
  for (const sid of ['x', 'y']) await store.addToIndex(`idp clients ${sid}`, 'client', 60);
  await store.removeFromIndex('idp clients x', 'client');
  await store.addToIndex('idp clients z', 'client', 60);
  assert.deepEqual(await store.members('idp clients y'), ['client']);
  await store.addToIndex('idp clients w', 'client', 60);
  assert.deepEqual([await store.members('idp clients y'), await store.members('idp clients w')], [[], ['client']]);
});

test('a restart counts from nothing', async () => {
  const { store, restart } = open(1);
  await store.put('k a', VALUE, 60);
  restart();
  await store.put('k b', VALUE, 60);
  assert.notEqual(await store.read('k a'), undefined);
});
