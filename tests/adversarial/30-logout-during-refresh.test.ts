import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'redis';
import { noRedis, startRedis } from '../servers/redis.ts';
import { notTurnedAway, startLoginFleet } from './27-36-fleet.ts';
import type { LoginFleet, Member, Replica } from './27-36-fleet.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';
import { wholeFile } from './whole-file.ts';
import { until } from '../until.ts';

/* Three proxies in processes of their own and one Redis: a refresh at one of them, a logout at another, in every order. */

const ROUNDS = isFull ? 2000 : 60;
/** Sessions that are made, and run out, together. */
const BATCH = 20;
const skip = noRedis;

const file = wholeFile();
let opened: Promise<LoginFleet & { readonly records: () => Promise<number> }> | undefined;

function open(): NonNullable<typeof opened> {
  opened ??= (async () => {
    const redis = await startRedis();
    file.after(() => redis.close());
    const client = createClient({ url: redis.url });
    await client.connect();
    file.after(() => client.close());
    // No login is begun and left here, so that all records are sessions or marks of ended ones.
    const records = async (): Promise<number> => (await client.keys('*record:login:session:*')).length;
    return { ...(await startLoginFleet(file, { store: redis.url })), records };
  })();
  return opened;
}

/** By the person, or by the provider; answers once it is acknowledged. */
async function logOut(fleet: LoginFleet, byUser: boolean, at: Replica, { jar, person }: Member): Promise<number> {
  if (byUser) return (await notTurnedAway(() => at.browser(jar).visit('/oauth2/logout'))).status;
  const query = new URLSearchParams({ sid: `sid-${person.sub}`, iss: fleet.provider.issuer });
  return (await notTurnedAway(() => at.browser().ask(`/oauth2/logout/frontchannel?${query.toString()}`))).status;
}

test(`T30 A11 logout-during-refresh-stays-dead: ${ROUNDS} times a logout while another process refreshes: nothing revives the session, and no token outlives it`, {
  skip,
}, async (t) => {
  const seed = drawSeed();
  t.diagnostic(`seed ${seed}`);
  const random = createRandom(seed);
  const fleet = await open();
  const { provider, replicas } = fleet;
  const orders = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += BATCH) {
    provider.ways.lifetimes.login = 1;
    const members = await Promise.all(Array.from({ length: BATCH }, () => fleet.signIn()));
    await pause(1050);
    for (const [index, member] of members.entries()) {
      provider.ways.beforeAnswer = () => pause(random.below(12));
      const byUser = random.below(2) === 0;
      const way = byUser ? 'user' : 'provider';
      const [refreshing, ending] = [random.below(3), random.below(3)].map((at) => replicas[at] ?? fail());
      const [calls, late] = [provider.refreshes(), random.below(30)];
      const first = random.below(2) === 0;
      const [judged, ended] = await Promise.all([
        pause(first ? 0 : random.below(12)).then(() => fleet.served(refreshing ?? fail(), member)),
        pause(late).then(() => logOut(fleet, byUser, ending ?? fail(), member)),
      ]);
      assert.equal(ended, 200);
      const where = `round ${round + index}, ${way}, ${late} ms`;
      const made = provider.refreshes() - calls;
      assert.ok(made <= 1, where);
      orders.set(`${way} ${judged.status} ${made}`, 1);
      // Let in before the logout was through, or told to sign in; never a failure, and never somebody else.
      assert.ok(judged.verdict === 'right' || judged.status === 302, `${where}: ${judged.status}`);
      for (const replica of replicas) {
        assert.equal((await notTurnedAway(() => replica.browser(member.jar).ask('/x'))).status, 401, where);
      }
      const { access, current } = provider.family(member.person.sub);
      if (judged.status === 302 || byUser) {
        await until(() => made === 0 || provider.revoked.has(current), `${where}: revocation`);
        assert.ok(access.length <= 2);
      }
      assert.equal(provider.refreshes() - calls, made, `${where}: nothing refreshes the dead`);
    }
    assert.equal(await fleet.records(), 0, 'no record of any of them is left');
  }
  t.diagnostic([...orders.keys()].join('; '));
  // They did meet in different places.
  assert.ok(orders.size >= 3, [...orders.keys()].join('; '));
});

test('T30 A11 a logout that is acknowledged while the provider takes its time over the refresh: the tokens that come late are revoked, not kept', {
  skip,
}, async () => {
  const fleet = await open();
  const { provider, replicas } = fleet;
  provider.ways.lifetimes.login = 1;
  const member = await fleet.signIn();
  await pause(1050);
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  const calls = provider.refreshes();
  provider.ways.beforeAnswer = () => gate;
  const [one = fail(), two = fail(), three = fail()] = replicas;
  const waiting = [one, two, three].map((replica) => fleet.judge(replica, member));
  await until(() => provider.refreshes() === calls + 1, 'the call');
  assert.equal((await two.browser(member.jar).visit('/oauth2/logout')).status, 200);
  letGo();
  for (const { status } of await Promise.all(waiting)) assert.equal(status, 302);
  const { access, current } = provider.family(member.person.sub);
  await until(() => provider.revoked.has(current), 'the revocation');
  assert.equal(
    fleet.seen.some(({ authorization }) => authorization === `Bearer ${access[1]}`),
    false,
  );
  assert.equal(await fleet.records(), 0);
});

function fail(): never {
  throw new Error('there is no such proxy');
}
