import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { parseJwt } from '../../oauth/jwt.ts';
import { denialHash } from '../../registry/denial.ts';
import { exchangeAs, isActive, revokeAs, tokenFor } from '../testing/operators.ts';
import { createTestKeys, openWorld } from '../testing/world.ts';
import type { World } from '../testing/world.ts';

const keys = await createTestKeys();
const open = (t: TestContext): Promise<World> => openWorld(t, { keys });

for (const [who, revoker] of Object.entries({ 'its client': 'web', 'its audience': 'api' })) {
  test(`V2: ${who} may revoke a token; from then on it is inactive and cannot be exchanged`, async (t) => {
    const world = await open(t);
    const [token, other] = [await tokenFor(world, ['web', 'api']), await tokenFor(world, ['web', 'api'])];
    const answer = await revokeAs(world, revoker, token);
    assert.deepEqual([answer.status, answer.text], [200, '']);
    assert.equal(world.lastDecision()?.reason, 'revoked');
    assert.equal(await isActive(world, 'api', token), false);
    assert.equal((await exchangeAs(world, ['api', 'store'], token)).body['fm_reason'], 'subject-revoked');
    assert.equal(await isActive(world, 'api', other), true);
    assert.equal((await exchangeAs(world, ['api', 'store'], other)).status, 200);
  });
}

test('V2: others are answered 200 too, and change nothing; so is a token that is none', async (t) => {
  const world = await open(t);
  const token = await tokenFor(world, ['web', 'api']);
  const { version } = world.registry.snapshot();
  for (const asked of [token, 'garbage', await world.subject()]) {
    const answer = await revokeAs(world, 'store', asked);
    assert.deepEqual([answer.status, answer.text], [200, '']);
    assert.equal(world.lastDecision()?.reason, 'not-revoked');
  }
  assert.equal(world.registry.snapshot().version, version);
  assert.equal(await isActive(world, 'api', token), true);
});

test('V2: a revoked token is forgotten only when it is over', async (t) => {
  const world = await open(t);
  const token = await tokenFor(world, ['web', 'api']);
  const { jti, exp } = parseJwt(token).claims;
  await revokeAs(world, 'web', token);
  const denial = world.registry.snapshot().denial(denialHash('jti', String(jti)));
  assert.ok(denial !== undefined && denial.expiresAt >= Number(exp));
});
