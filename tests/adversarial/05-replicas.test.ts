import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noRedis, startRedis } from '../servers/redis.ts';
import { notTurnedAway, startLoginFleet } from './27-36-fleet.ts';
import { SESSION } from './01-36-world.ts';
import { isFull } from './scale.ts';

const ROUNDS = isFull ? 200 : 5;
const COPIES = 30;

test(`T05 ${ROUNDS} callbacks, each submitted ${COPIES} times at once at three proxies in processes of their own: redeemed once, and every copy gets the same session`, {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.close());
  const fleet = await startLoginFleet(t, { store: redis.url });
  const { provider, replicas } = fleet;
  for (let round = 0; round < ROUNDS; round += 1) {
    const person = fleet.person();
    const [first = fail()] = replicas;
    const begun = first.browser();
    const callback = await fleet.attempt(begun, person, '/deep');
    const before = provider.redemptions();
    const copies = Array.from({ length: COPIES }, (_, n) =>
      (replicas[n % replicas.length] ?? fail()).browser(begun.jar),
    );
    const answers = await Promise.all(copies.map((copy) => notTurnedAway(() => copy.visit(callback))));
    assert.equal(provider.redemptions() - before, 1);
    assert.deepEqual([...new Set(answers.map(({ status, location }) => `${status} ${location}`))], ['302 /deep']);
    assert.equal(new Set(copies.map(({ jar }) => jar.get(SESSION))).size, 1);
    const jar = copies[0]?.jar ?? new Map<string, string>();
    for (const replica of replicas) assert.equal((await fleet.served(replica, { person, jar })).verdict, 'right');
    // Later, and with the cookies that the login began with: no second token call, and no other session.
    for (const replica of replicas) {
      const late = replica.browser(begun.jar);
      await late.visit(callback);
      assert.ok([undefined, jar.get(SESSION)].includes(late.jar.get(SESSION)));
    }
    assert.equal(provider.redemptions() - before, 1);
  }
});

function fail(): never {
  throw new Error('there is none');
}
