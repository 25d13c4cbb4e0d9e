import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { noRedis } from '../servers/redis.ts';
import { assertRows, assertUnharmed, fail, openWorld, through } from './31-world.ts';
import { isFull } from './scale.ts';
import { wholeFile } from './whole-file.ts';
import { until } from '../until.ts';

const skip = noRedis;
const RESTARTS = isFull ? 100 : 2;
const PAUSE_SECONDS = isFull ? 30 : 3;
const open = openWorld(wholeFile());

test(`T31 A16 B9 store-down-never-redirects-to-login: Redis stopped and started ${RESTARTS} times under load: 503 and only then, nobody has to sign in again`, {
  skip,
}, async () => {
  const world = await open();
  for (let round = 0; round < RESTARTS; round += 1) {
    const run = await through(world, {
      begin: () => world.redis.crash(),
      during: async () => {
        await pause(300);
        if (round === 0) await assertRows(world);
        await pause(700);
      },
      end: () => world.redis.start(),
    });
    await assertUnharmed(world, run);
    assert.ok(run.samples.some(({ status }) => status === 503));
  }
});

test(`T31 A16 B9 Redis stopped by SIGSTOP for ${PAUSE_SECONDS} s under load: each answer within its budget, the breaker open within a second, nobody has to sign in again`, {
  skip,
}, async () => {
  const world = await open();
  const run = await through(world, {
    begin: () => world.redis.freeze(),
    during: async () => {
      await pause(1500);
      await assertRows(world);
      await pause(PAUSE_SECONDS * 1000 - 1500);
    },
    end: () => world.redis.thaw(),
  });
  await assertUnharmed(world, run);
  const late = run.samples.filter(({ begun, took }) => begun > run.from + 1500 && begun + took < run.to);
  // Each of the twelve that ask would get two answers a second at most, were the store's half a second waited for every time.
  assert.ok(late.length > 12 * 3 * (PAUSE_SECONDS - 1.5), `${late.length} were answered without asking the store`);
});

test('T31 A16 a person who logs out while the store is away is out when it is back, whoever keeps the cookie', {
  skip,
}, async () => {
  const world = await open();
  world.provider.ways.lifetimes.login = 3600;
  const member = await world.signIn();
  const [replica = fail(), other = fail()] = world.replicas;
  await world.redis.crash();
  const out = await replica.browser(member.jar).visit('/oauth2/logout');
  assert.equal(out.status, 200);
  assert.ok(out.setCookies.some((cookie) => /session=;.*max-age=0/i.test(cookie)));
  assert.notEqual((await world.judge(other, member)).verdict, 'wrong');
  await world.redis.start();
  await until(async () => (await other.browser(member.jar).ask('/x')).status === 401, 'the logout');
});
