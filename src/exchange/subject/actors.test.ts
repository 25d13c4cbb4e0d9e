import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { GRANT, TOKEN_TYPE } from '../../oauth/client-assertion.ts';
import { publicJwk } from '../../oauth/jwk.ts';
import type { PrivateJwk } from '../../oauth/jwk.ts';
import { denialHash } from '../../registry/denial.ts';
import type { Client } from '../../registry/model.ts';
import {
  claimsOf,
  createTestKeys,
  createWorld,
  IDP,
  idportenClient,
  ISSUER,
  testApp,
  testClient,
  testGrant,
} from '../testing/world.ts';
import type { Answer } from '../testing/world.ts';

const keys = await createTestKeys();
const jwks = [publicJwk(keys.client)];
const NAMES = ['web', 'api', 'store', 'quiet', 'loop'];
const world = await createWorld({
  keys,
  data: {
    apps: NAMES.map((name) => testApp(name)),
    clients: [...NAMES.map(clientOf), idportenClient('web', 'login-client')],
    grants: [
      testGrant('web', 'api'),
      testGrant('web', 'quiet'),
      testGrant('web', 'loop'),
      testGrant('loop', 'loop'),
      testGrant('loop', 'quiet'),
      testGrant('quiet', 'store'),
      testGrant('api', 'store'),
      testGrant('api', 'web'),
      testGrant('store', 'api'),
    ],
  },
});
after(() => world.close());

function clientOf(name: string): Client {
  const token = name === 'quiet' ? { act: false } : {};
  const grantTypes = ['token-exchange', 'client_credentials'] as const;
  return { ...testClient(name, jwks), registration: { provider: 'tokenx', token, grantTypes } };
}

type Parameters = Readonly<Record<string, string | undefined>>;

async function ask(from: string, to: string, parameters: Parameters = {}): Promise<Answer> {
  const id = `dev:fleet:${from}`;
  const client_assertion = await world.assertion({ claims: { iss: id, sub: id } });
  return world.exchange({ client_assertion, audience: `dev:fleet:${to}`, ...parameters });
}

/** The token an app gets for itself. */
async function ownTokenOf(from: string, to: string): Promise<string> {
  const none = { subject_token: undefined, subject_token_type: undefined };
  return tokenOf(await ask(from, to, { grant_type: GRANT.clientCredentials, ...none }));
}

const reasonOf = ({ body }: Answer): unknown => body['fm_reason'] ?? 'issued';
const tokenOf = (answer: Answer): string =>
  answer.status === 200 ? String(answer.body['access_token']) : assert.fail(answer.text);
const actOf = (answer: Answer): unknown => claimsOf({ ...answer, body: { access_token: tokenOf(answer) } })['act'];
const subjectWith = (claims: object): Promise<string> => world.subject({ claims: { ...claims } });

test('X11, A1: five actors pass, the sixth is refused', async () => {
  let token = tokenOf(await ask('web', 'loop'));
  for (let depth = 2; depth <= 5; depth += 1) {
    const answer = await ask('loop', 'loop', { subject_token: token });
    assert.equal(JSON.stringify(actOf(answer)).split('"sub"').length - 1, depth);
    token = tokenOf(answer);
  }
  const sixth = await ask('loop', 'loop', { subject_token: token });
  assert.deepEqual([sixth.status, sixth.body['error'], reasonOf(sixth)], [400, 'invalid_request', 'act-depth']);
});

test('X11, A1: an audience that wants no act gets none, and the chain begins anew behind it', async () => {
  const quiet = await ask('web', 'quiet');
  assert.equal(actOf(quiet), undefined);
  assert.deepEqual(actOf(await ask('quiet', 'store', { subject_token: tokenOf(quiet) })), { sub: 'dev:fleet:quiet' });
});

test("X11, A2: another issuer's actors keep sub and iss alone, and never our name", async () => {
  const deep = {
    sub: 'dev:fleet:api',
    iss: ISSUER,
    role: 'admin',
    act: { sub: 'x', iss: 'https://x.example.test', pid: '1' },
  };
  assert.deepEqual(actOf(await ask('web', 'api', { subject_token: await subjectWith({ act: deep }) })), {
    sub: 'dev:fleet:web',
    act: { sub: 'dev:fleet:api', iss: IDP, act: { sub: 'x', iss: 'https://x.example.test' } },
  });
});

test("L2, L3, A2: another issuer's actors may be people, and are no apps of ours: the record has pseudonyms of them", async () => {
  const first = await ask('web', 'api', { subject_token: await subjectWith({ act: { sub: '00000000000' } }) });
  const [caller, theirs, ...more] = world.lastDecision()?.act ?? [];
  assert.equal(caller, 'dev:fleet:web');
  assert.match(String(theirs), /^h[0-9a-f]{6}:/);
  assert.deepEqual(more, []);
  await ask('api', 'store', { subject_token: tokenOf(first) });
  assert.deepEqual(world.lastDecision()?.act, ['dev:fleet:api', 'dev:fleet:web', theirs]);
});

test('X11, A1: an act that is none is refused, at whatever depth it stands', async () => {
  const bad = ['dev:fleet:web', { iss: 'x' }, [{ sub: 'x' }], null, {}, { sub: 7 }, { sub: 'x', act: 'y' }];
  for (const act of bad) {
    const answer = await ask('web', 'api', { subject_token: await subjectWith({ act }) });
    assert.equal(reasonOf(answer), 'subject-malformed', JSON.stringify(act));
  }
});

test('N16, J8: a planted cnf is refused, whatever it holds', async () => {
  for (const cnf of [{ jkt: 'x' }, {}, null, 'x']) {
    const answer = await ask('web', 'api', { subject_token: await subjectWith({ cnf }) });
    assert.equal(reasonOf(answer), 'subject-bound', JSON.stringify(cnf));
  }
});

test('X11, N16, A1: nested actors are history: none of them opens a way for the caller', async () => {
  const act = { sub: 'dev:fleet:api' };
  assert.equal(reasonOf(await ask('web', 'store', { subject_token: await subjectWith({ act }) })), 'no-rule');
});

const MAY_ACT: readonly (readonly [unknown, boolean])[] = [
  [{ sub: 'dev:fleet:web' }, true],
  [{ client_id: 'dev:fleet:web' }, true],
  [{ sub: 'dev:fleet:web', client_id: 'dev:fleet:web', iss: ISSUER }, true],
  [{ sub: 'dev:fleet:web', iss: ISSUER }, true],
  [{ sub: 'dev:fleet:web', iss: IDP }, false],
  [{ sub: 'dev:fleet:web', iss: null }, false],
  [{ sub: 'dev:fleet:api' }, false],
  [{ sub: 'dev:fleet:web', client_id: 'dev:fleet:api' }, false],
  [{ sub: 'dev:fleet:api', client_id: 'dev:fleet:web' }, false],
  [{ sub: 'DEV:fleet:web' }, false],
  [{ sub: ['dev:fleet:web'] }, false],
  [{ sub: 'dev:fleet:web', scope: 'les' }, false],
  [{ sub: 'dev:fleet:web', aud: 'dev:fleet:api' }, false],
  [{ iss: ISSUER }, false],
  [{}, false],
  [[], false],
  [[{ sub: 'dev:fleet:web' }], false],
  ['dev:fleet:web', false],
  [null, false],
  [true, false],
];

test('X11, N16, A4: may_act has to name the caller in words we know, and goes no further', async () => {
  for (const [mayAct, passes] of MAY_ACT) {
    const answer = await ask('web', 'api', { subject_token: await subjectWith({ may_act: mayAct }) });
    assert.equal(reasonOf(answer), passes ? 'issued' : 'may-act', JSON.stringify(mayAct));
    if (passes) assert.ok(!('may_act' in claimsOf(answer)));
  }
});

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
