import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { noRedis } from '../servers/redis.ts';
import type { Browser } from './01-36-browser.ts';
import { notTurnedAway } from './27-36-fleet.ts';
import type { Member } from './27-36-fleet.ts';
import { assertFewLate, startLoad } from './31-load.ts';
import { command, fail, openWorld } from './31-world.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';
import { wholeFile } from './whole-file.ts';

const ROUNDS = isFull ? 20 : 2;
const open = openWorld(wholeFile());

test(`T32 A16 Redis flushed ${ROUNDS} times under load: everybody is sent to sign in, nobody gets an error, and whoever signs in is let in`, {
  skip: noRedis,
}, async () => {
  const world = await open();
  world.provider.ways.lifetimes.login = 3600;
  let members: readonly Member[] = world.members;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = world.oracle.complaints().length;
    const load = startLoad(world, members, createRandom(drawSeed()));
    await pause(500);
    const flushed = performance.now();
    // A login that is under way goes on: its state is in the browser.
    const browser = world.replicas[0]?.browser() ?? fail();
    const person = world.person();
    const callback = await world.attempt(browser, person, '/deep');
    await command(world.redis, 'FLUSHALL');
    const gone = performance.now();
    await pause(500);
    await load.stop();
    assert.equal((await notTurnedAway(() => browser.visit(callback))).location, '/deep');
    assert.equal((await world.served(world.replicas[1] ?? fail(), { person, jar: browser.jar })).verdict, 'right');
    assertFewLate(load.samples);
    for (const { begun, took, status, answer } of load.samples.filter(({ verdict }) => verdict !== 'unavailable')) {
      if (begun + took < flushed) assert.equal(status, 200);
      else if (begun > gone) assert.match(String(answer?.location), /^\/oauth2\/login\?redirect=/);
      else assert.ok(status === 200 || status === 302, String(status));
      assert.equal(answer?.setCookies.length ?? 0, 0);
    }
    const wrong = world.oracle.complaints().slice(before);
    assert.ok(
      wrong.every((complaint) => complaint.endsWith('answered 302')),
      wrong.join('; '),
    );
    const [at = fail()] = world.replicas;
    const { jar } = members[0] ?? fail();
    const told = async (...asked: Parameters<Browser['ask']>): Promise<number> =>
      (await notTurnedAway(() => at.browser(jar).ask(...asked))).status;
    assert.equal(await told('/oauth2/session'), 401);
    assert.equal(await told('/oauth2/session/refresh', { method: 'POST' }), 401);
    assert.equal((await notTurnedAway(() => at.browser(jar).visit('/oauth2/logout'))).status, 200);
    members = await Promise.all(world.members.map(() => world.signIn()));
    for (const member of members) {
      for (const replica of world.replicas) assert.equal((await world.served(replica, member)).verdict, 'right');
    }
  }
});
