import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemory } from './memory.ts';

test('of each kind the newest stay, and a flood of one kind leaves the others alone', async () => {
  const memory = createMemory(() => 0, 3);
  await memory.put('code first', Buffer.from('1'), 60);
  for (const name of ['a', 'b', 'c', 'd']) await memory.put(`transaction ${name}`, Buffer.from(name), 60);
  assert.equal(await memory.read('transaction a'), undefined);
  assert.equal((await memory.read('transaction b'))?.value.toString(), 'b');
  assert.equal((await memory.read('code first'))?.value.toString(), '1');
});

test('of each kind 10,000 are kept, and at most 32 MiB: the oldest go, so that a flood of long requests is bounded too', async () => {
  const memory = createMemory(() => 0);
  for (let count = 0; count <= 10_000; count += 1) await memory.put(`code ${count}`, Buffer.from('1'), 60);
  assert.deepEqual([await memory.read('code 0'), (await memory.read('code 1'))?.version], [undefined, 1]);
  const large = Buffer.alloc(1024 * 1024 - 100);
  for (let count = 0; count < 32; count += 1) await memory.put(`transaction ${count}`, large, 60);
  assert.notEqual(await memory.read('transaction 0'), undefined, 'at the limit');
  await memory.put('transaction 32', large, 60);
  assert.equal(await memory.read('transaction 0'), undefined, 'one over');
  for (const name of ['transaction 1', 'transaction 32', 'code 1']) assert.notEqual(await memory.read(name), undefined);
  await memory.delete('transaction 5');
  await memory.put('transaction 33', large, 60);
  assert.notEqual(await memory.read('transaction 1'), undefined, 'what is gone makes room');
});

test('nothing outlives its time, and a mark can be made again after it', async () => {
  const clock = { now: 100 };
  const memory = createMemory(() => clock.now);
  await memory.put('code x', Buffer.from('1'), 60);
  assert.deepEqual([await memory.once('jti x', 60), await memory.once('jti x', 60)], [true, false]);
  clock.now = 160;
  assert.equal(await memory.read('code x'), undefined);
  assert.equal(await memory.take('code x'), undefined);
  assert.equal(await memory.once('jti x', 60), true);
});

test('of two that change or take one entry exactly one wins', async () => {
  const memory = createMemory(() => 0);
  await memory.put('code x', Buffer.from('1'), 60);
  const mark = Buffer.from('2');
  assert.deepEqual(await Promise.all([memory.update('code x', 1, mark), memory.update('code x', 1, mark)]), [
    'ok',
    'conflict',
  ]);
  const taken = await Promise.all([memory.take('code x'), memory.take('code x')]);
  assert.deepEqual(taken.map(String), ['2', 'undefined']);
  assert.equal(await memory.update('code x', 2, mark), 'gone');
});
