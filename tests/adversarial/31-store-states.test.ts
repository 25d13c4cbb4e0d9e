import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../servers/free-port.ts';
import { noRedis } from '../servers/redis.ts';
import { assertRows, assertUnharmed, command, fail, openWorld, through } from './31-world.ts';
import { wholeFile } from './whole-file.ts';

const skip = noRedis;
const open = openWorld(wholeFile());

test('T31 A16 a Redis that was made a replica under load is not believed, and believed again when it is none', {
  skip,
}, async () => {
  const world = await open();
  const nobody = await freePort();
  const run = await through(world, {
    begin: () => command(world.redis, 'REPLICAOF', '127.0.0.1', String(nobody)),
    during: async () => {
      await pause(1500);
      await assertRows(world);
    },
    end: () => command(world.redis, 'REPLICAOF', 'NO', 'ONE'),
  });
  await assertUnharmed(world, run);
  assert.ok(run.samples.some(({ status }) => status === 503));
});

test('T31 A16 a full Redis under load: who is signed in stays so, whoever signs in gets 503, a logout that cannot be written says so', {
  skip,
}, async () => {
  const world = await open();
  const { replicas, redis } = world;
  const [replica = fail()] = replicas;
  const run = await through(world, {
    begin: () => command(redis, 'CONFIG', 'SET', 'maxmemory', '1'),
    during: async () => {
      await pause(300);
      const browser = replica.browser();
      const callback = await world.attempt(browser, world.person());
      const answer = await browser.visit(callback);
      assert.equal(answer.status, 503);
      assert.ok(answer.setCookies.every((cookie) => !cookie.includes('.session=')));
      assert.match(answer.body, /oauth2\/login/);
      await pause(700);
    },
    end: () => command(redis, 'CONFIG', 'SET', 'maxmemory', '0'),
  });
  await assertUnharmed(world, run);
});

for (const [said, fault] of [
  ['slow', { kind: 'delay', ms: 800 }],
  ['behind a network that swallows everything', { kind: 'blackhole' }],
  ['behind a network that cuts every answer', { kind: 'cutAnswer' }],
] as const) {
  test(`T31 A16 a Redis that is ${said}, under load`, { skip }, async () => {
    const world = await open();
    const run = await through(world, {
      begin: () => world.way.set(fault),
      during: () => pause(1500).then(() => assertRows(world)),
      end: () => world.way.set({ kind: 'pass' }),
    });
    await assertUnharmed(world, run);
    assert.ok(run.samples.some(({ status }) => status === 503));
  });
}
