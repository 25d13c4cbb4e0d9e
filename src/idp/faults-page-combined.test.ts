import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { codeWith, headerOf } from './testing/faults-page.ts';
import { askToken, claimsOf, redeem } from './testing/sign-in.ts';
import { openWorld } from './testing/world.ts';

const world = await openWorld({ personas: ['idporten'] });
after(() => world.close());

test('page: a fault may say how much, several act together, and what is none is left out', async () => {
  world.waits.length = 0;
  const { body } = await askToken(
    world,
    redeem(await codeWith(world, 'slow-token:500', 'skew:-90', 'no-kid', 'token-5xx:499', 'x')),
  );
  assert.deepEqual(world.waits, [500]);
  assert.deepEqual(headerOf(body['id_token']), { alg: 'RS256' });
  assert.equal(claimsOf(body['id_token'])['iat'], world.clock.now - 90);
  const code = await codeWith(world, 'token-5xx:502');
  assert.equal((await askToken(world, redeem(code))).status, 502);
});

test('page: a fault of the token endpoint waits for its own code, whoever else calls in between', async () => {
  const [broken, whole] = [await codeWith(world, 'token-5xx'), await codeWith(world)];
  assert.equal((await askToken(world, redeem(whole))).status, 200);
  assert.equal((await askToken(world, redeem(broken))).status, 503);
});
