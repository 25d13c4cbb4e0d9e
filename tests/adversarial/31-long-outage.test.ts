import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { noRedis, startRedis } from '../servers/redis.ts';
import { startLoginFleet } from './27-36-fleet.ts';
import { assertServed, startLoad } from './31-load.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';
import { assertInTime } from '../in-time.ts';
import { until } from '../until.ts';

const AWAY_SECONDS = isFull ? 45 : 14;
/** Service is back so soon after the store is. */
const BACK_MS = 3000;
/** Answers in a row that say that service is back. */
const CALM = 30;

test(`T31 B9 the store away for ${AWAY_SECONDS} s just when a one-time token was spent: whoever spent it writes the new one down before anybody spends the old one again`, {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.close());
  const fleet = await startLoginFleet(t, { store: redis.url });
  const { provider, replicas } = fleet;
  provider.ways.lifetimes.login = 1;
  const members = [];
  for (let n = 0; n < 6; n += 1) members.push(await fleet.signIn());
  await pause(1050);
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  provider.ways.beforeAnswer = () => gate;
  const first = members.map((member, n) => fleet.judge(replicas[n % replicas.length] ?? fail(), member));
  await until(() => provider.refreshes() === members.length, 'the calls');
  redis.freeze();
  letGo();
  for (const { verdict } of await Promise.all(first)) assert.equal(verdict, 'unavailable');
  const load = startLoad(fleet, members, createRandom(drawSeed()));
  await pause(AWAY_SECONDS * 1000);
  redis.thaw();
  const back = performance.now();
  await until(() => {
    const last = load.samples.filter(({ begun }) => begun > back).slice(-CALM);
    return last.length === CALM && last.every(({ verdict }) => verdict === 'right');
  }, 'service again');
  const calm = performance.now();
  assertInTime(calm - back, BACK_MS, 'service');
  await pause(1000);
  await load.stop();
  assert.deepEqual(fleet.oracle.complaints(), []);
  assert.equal(provider.refreshes(), members.length, 'one call for each, whatever came between');
  assertServed(load.samples.filter(({ begun }) => begun > calm));
  for (const { person } of members) assert.equal(provider.family(person.sub).revoked, false);
});

function fail(): never {
  throw new Error('there is none');
}
