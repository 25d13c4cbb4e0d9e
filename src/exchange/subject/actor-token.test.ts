import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { TOKEN_TYPE } from '../../oauth/client-assertion.ts';
import type { PrivateJwk } from '../../oauth/jwk.ts';
import { denialHash } from '../../registry/denial.ts';
import { actOf, createActorBench, reasonOf, tokenOf } from '../testing/actors.ts';
import { claimsOf, ISSUER } from '../testing/world.ts';

const { keys, world, ask, ownTokenOf, subjectWith } = await createActorBench();
after(() => world.close());

test('X11, A3: an actor token of the caller itself passes, and the caller stays the one actor', async () => {
  const actor_token = await ownTokenOf('web', 'api');
  for (const type of [TOKEN_TYPE.jwt, TOKEN_TYPE.accessToken]) {
    const answer = await ask('web', 'api', { actor_token, actor_token_type: type });
    assert.deepEqual(actOf(answer), { sub: 'dev:fleet:web' });
    assert.equal(claimsOf(answer)['sub'], 'u-81');
  }
  assert.equal(
    reasonOf(await ask('web', 'api', { actor_token: '', actor_token_type: '' })),
    'issued',
    'empty is absent',
  );
});

test('X11, A3: an actor token of anybody else is refused', async () => {
  const type = { actor_token_type: TOKEN_TYPE.accessToken };
  const strangers = await ownTokenOf('api', 'web');
  assert.equal(reasonOf(await ask('web', 'api', { actor_token: strangers, ...type })), 'actor-not-caller');
  const usersToken = tokenOf(await ask('web', 'api'));
  assert.equal(reasonOf(await ask('web', 'api', { actor_token: usersToken, ...type })), 'actor-not-caller');
  const lookalike = tokenOf(await ask('web', 'api', { subject_token: await subjectWith({ sub: 'dev:fleet:web' }) }));
  assert.equal(claimsOf({ ...(await ask('web', 'api')), body: { access_token: lookalike } })['sub'], 'dev:fleet:web');
  assert.equal(
    reasonOf(await ask('web', 'api', { actor_token: lookalike, ...type })),
    'actor-not-caller',
    'a user who is called like the app elsewhere',
  );
});

test('X11, A3: an actor token that is not ours, not genuine or over is refused', async () => {
  const type = { actor_token_type: TOKEN_TYPE.jwt };
  const good = await ownTokenOf('web', 'api');
  const [header, , signature] = good.split('.');
  const forged = Buffer.from(JSON.stringify({ ...claimsOf(await ask('web', 'api')), sub: 'dev:fleet:web' }));
  for (const actor_token of [
    'not.a.token',
    'x',
    `${header}.${forged.toString('base64url')}.${signature}`,
    await world.subject(),
    await world.subject({ claims: { sub: 'dev:fleet:web' } }),
    await world.subject({ claims: { iss: ISSUER, sub: 'dev:fleet:web', client_id: 'dev:fleet:web' } }),
    await world.assertion(),
  ]) {
    assert.equal(
      reasonOf(await ask('web', 'api', { actor_token, ...type })),
      'actor-invalid',
      actor_token.slice(0, 20),
    );
  }
  world.clock.now += 899;
  assert.equal(reasonOf(await ask('web', 'api', { actor_token: good, ...type })), 'issued', 'one second is left');
  world.clock.now += 1;
  assert.equal(reasonOf(await ask('web', 'api', { actor_token: good, ...type })), 'actor-invalid');
});

test('A3, J8: an actor token of ours that is bound to a key is refused, and the same one unbound is not', async () => {
  const { keys: rows } = await keys.store.load('tokenx');
  const { kid, sealedPrivate } = rows.find(({ state }) => state === 'active') ?? assert.fail('no key');
  const key: PrivateJwk = JSON.parse(
    keys.wrapper.unwrap(sealedPrivate, `fullmakt tokenx signing-key ${kid} RS256`).toString(),
  );
  const claims = { iss: ISSUER, sub: 'dev:fleet:web', client_id: 'dev:fleet:web', aud: 'dev:fleet:api' };
  const actor_token_type = TOKEN_TYPE.jwt;
  const plain = await world.subject({ claims, key });
  assert.equal(reasonOf(await ask('web', 'api', { actor_token: plain, actor_token_type })), 'issued');
  for (const cnf of [{ jkt: 'x' }, {}, null]) {
    const actor_token = await world.subject({ claims: { ...claims, cnf }, key });
    assert.equal(reasonOf(await ask('web', 'api', { actor_token, actor_token_type })), 'actor-invalid');
  }
});

test('X11, A3, V3: a revoked actor token is refused, and one issued later is not', async () => {
  const type = { actor_token_type: TOKEN_TYPE.jwt };
  const actor_token = await ownTokenOf('web', 'api');
  const { now } = world.clock;
  const denial = {
    kind: 'client',
    hash: denialHash('client', 'dev:fleet:web'),
    notBefore: now,
    expiresAt: now + 3600,
  } as const;
  assert.equal(await world.registry.commit(world.registry.snapshot().version, { putDenials: [denial] }), 'ok');
  assert.equal(reasonOf(await ask('web', 'api', { actor_token, ...type })), 'actor-invalid');
  world.clock.now += 1;
  assert.equal(reasonOf(await ask('web', 'api', { actor_token: await ownTokenOf('web', 'api'), ...type })), 'issued');
});

test('X11, X03, A3: an actor token comes with its type, a known one, and neither comes alone', async () => {
  const actor_token = await ownTokenOf('web', 'api');
  const missing = await ask('web', 'api', { actor_token });
  assert.equal(reasonOf(missing), 'parameter-missing');
  assert.match(String(missing.body['error_description']), /^actor_token_type /);
  const alone = await ask('web', 'api', { actor_token_type: TOKEN_TYPE.jwt });
  assert.equal(reasonOf(alone), 'parameter-missing');
  assert.match(String(alone.body['error_description']), /^actor_token /);
  for (const actor_token_type of [TOKEN_TYPE.idToken, TOKEN_TYPE.refreshToken, 'jwt', 'urn:x']) {
    assert.equal(reasonOf(await ask('web', 'api', { actor_token, actor_token_type })), 'actor-type', actor_token_type);
  }
});

test('A3, 4.2: the actor is judged after the subject', async () => {
  const both = { subject_token: 'x', actor_token: 'x', actor_token_type: 'x' };
  assert.equal(reasonOf(await ask('web', 'api', both)), 'subject-malformed');
});
