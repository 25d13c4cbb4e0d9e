import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { noRedis, startRedis } from '../servers/redis.ts';
import { startLoginFleet } from './27-36-fleet.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';

const LEASE_MS = 10_000;

test('T29 a holder frozen for longer than its lease: another takes over, and what the first one brings late is not written over it', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.close());
  const fleet = await startLoginFleet(t, { store: redis.url, size: 2 });
  const { provider, replicas } = fleet;
  const [holder = fail(), other = fail()] = replicas;
  provider.ways.lifetimes.login = 1;
  provider.ways.grace = true;
  const member = await fleet.signIn();
  await pause(1050);
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  const before = provider.refreshes();
  provider.ways.beforeAnswer = (call) => (call === before + 1 ? gate : undefined);
  const late = fleet.judge(holder, member);
  await until(() => provider.refreshes() === before + 1, 'the call');
  holder.login.child.kill('SIGSTOP');
  letGo();
  const begun = performance.now();
  // Waits for the holder, and takes over once its lease has run out.
  assert.equal((await fleet.judge(other, member)).verdict, 'right');
  const took = performance.now() - begun;
  assertInTime(took, LEASE_MS + 5000);
  const { access } = provider.family(member.person.sub);
  assert.equal(access.length, 3);
  holder.login.child.kill('SIGCONT');
  assert.equal((await late).verdict, 'right');
  assert.equal(provider.refreshes() - before, 2);
  for (const replica of replicas) {
    assert.equal((await fleet.judge(replica, member)).verdict, 'right');
    assert.equal(fleet.seen.at(-1)?.authorization, `Bearer ${access[2]}`, 'the token of who wrote first stands');
  }
  assert.equal(
    fleet.seen.some(({ authorization }) => authorization === `Bearer ${access[1]}`),
    false,
  );
  assert.equal(provider.family(member.person.sub).revoked, false);
});

function fail(): never {
  throw new Error('there is none');
}
