import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, test } from 'node:test';
import { signBytes } from '../oauth/algorithms.ts';
import { generatePrivateJwk, importSigningKey, publicJwk } from '../oauth/jwk.ts';
import { createBuckets } from './limits.ts';
import { createClientKeys } from './client-keys.ts';
import { createTestKeys, createWorld, ISSUER, sign, START, testApp, testClient, testGrant } from './testing/world.ts';
import type { Answer, Change } from './testing/world.ts';

const keys = await createTestKeys();
const [es256, ps256, eddsa] = await Promise.all([
  generatePrivateJwk('ES256', 'es'),
  generatePrivateJwk('PS256', 'ps'),
  generatePrivateJwk('EdDSA', 'ed'),
]);
const { alg: _alg, ...unnamed } = publicJwk(keys.stranger);
const edNamed = { ...publicJwk(eddsa), kid: 'ed-named', alg: 'Ed25519' };
const callers = {
  web: [publicJwk(keys.client)],
  many: [publicJwk(es256), publicJwk(ps256), publicJwk(eddsa), { ...unnamed, kid: 'unnamed' }, edNamed],
  gone: [publicJwk(keys.client)],
  api: [],
};
const world = await createWorld({
  keys,
  data: {
    apps: Object.keys(callers).map((name) => testApp(name, name === 'gone' ? { state: 'disabled' } : {})),
    clients: Object.entries(callers).map(([name, jwks]) => testClient(name, jwks)),
    grants: Object.keys(callers).map((name) => testGrant(name, 'api')),
  },
  config: { issuers: [] },
});
after(() => world.close());

/** The situation an assertion leads to; `in` when authentication is over and the next step refuses (no issuer is trusted here). */
async function verdict(change: Change, own = world): Promise<unknown> {
  const { body } = await own.exchange({ client_assertion: await own.assertion(change) });
  return body['fm_reason'] === 'subject-issuer' ? 'in' : body['fm_reason'];
}
const claims = (changes: object): Promise<unknown> => verdict({ claims: { ...changes } });
const as = (name: string): { iss: string; sub: string } => ({ iss: `dev:fleet:${name}`, sub: `dev:fleet:${name}` });

test('X04: typ is absent, JWT or client-authentication+jwt, whatever its case and prefix (C2)', async () => {
  for (const typ of [undefined, 'JWT', 'jwt', 'client-authentication+jwt', 'application/Client-Authentication+JWT']) {
    assert.equal(await verdict({ header: { typ } }), 'in', String(typ));
  }
  for (const typ of ['at+jwt', 'dpop+jwt', 'logout+jwt', 'text/JWT'])
    assert.equal(await verdict({ header: { typ } }), 'client-typ', typ);
});

test('X04: aud is the issuer or the token endpoint, one value, byte for byte (C6)', async () => {
  for (const aud of [ISSUER, [ISSUER], `${ISSUER}/token`, [`${ISSUER}/token`]])
    assert.equal(await claims({ aud }), 'in');
  const wrong = [
    `${ISSUER}/`,
    ISSUER.toUpperCase(),
    `${ISSUER}x`,
    ISSUER.slice(0, -1),
    [ISSUER, `${ISSUER}/token`],
    [ISSUER, ISSUER],
    [],
    undefined,
    7,
    { 0: ISSUER },
    [[ISSUER]],
    'http://127.0.0.1',
  ];
  for (const aud of wrong) assert.equal(await claims({ aud }), 'client-aud', JSON.stringify(aud));
});

test('C6: an assertion for the token endpoint is counted per client, and refused once that is switched off', async (t) => {
  const before = world.events.length;
  await claims({ aud: `${ISSUER}/token` });
  assert.equal(
    world.events.slice(before).filter((event) => event.event === 'exchange.token_endpoint_audience').length,
    1,
  );
  const strict = await createWorld({ keys, config: { issuers: [], assertionAcceptTokenEndpointAudience: false } });
  t.after(() => strict.close());
  assert.equal(await verdict({ claims: { aud: `${ISSUER}/token` } }, strict), 'client-aud');
  assert.equal(await verdict({}, strict), 'in');
});

test('X04, N10: times within the skew pass, one second more does not; a life over 120 s is refused (C7)', async () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ exp: START - 9, iat: START - 60 }, 'in'],
    [{ exp: START - 10, iat: START - 60 }, 'client-time'],
    [{ iat: START + 10 }, 'in'],
    [{ iat: START + 11 }, 'client-time'],
    [{ nbf: START + 10 }, 'in'],
    [{ nbf: START + 11 }, 'client-time'],
    [{ iat: undefined, exp: START + 120 }, 'in'],
    [{ iat: START, exp: START + 120 }, 'in'],
    [{ iat: START, exp: START + 121 }, 'client-lifetime'],
    [{ iat: START + 10, exp: START + 130 }, 'in'],
    [{ iat: undefined, exp: START + 131 }, 'client-lifetime'],
    [{ exp: undefined }, 'client-time'],
    [{ exp: 253_402_300_799 }, 'client-lifetime'],
  ];
  for (const bad of ['1795305660', -1, 2 ** 63, null, [START + 60]]) {
    for (const name of ['exp', 'iat', 'nbf'])
      assert.equal(await claims({ [name]: bad }), 'client-time', `${name} ${String(bad)}`);
  }
  for (const [change, expected] of cases) {
    assert.equal(await claims(change), expected, JSON.stringify(change));
  }
});

test('N11: by how much a client may be off is the skew, and the text names both times (C9)', async () => {
  for (const [off, expected] of [
    [9, 'in'],
    [11, 'client-time'],
    [60, 'client-time'],
    [1, 'in'],
    [0.04, 'in'],
  ] as const) {
    assert.equal(await claims({ iat: START + off, exp: START + off + 60 }), expected, `${off} s ahead`);
  }
  const late = await world.exchange({
    client_assertion: await world.assertion({ claims: { iat: START - 71, exp: START - 11 } }),
  });
  assert.equal(late.body['error_description'], `client assertion expired: exp ${START - 11}, server time ${START}`);
});

test('X04: jti is a string of 1 to 128 characters (C7)', async () => {
  assert.equal(await claims({ jti: 'j'.repeat(128) }), 'in');
  for (const jti of [undefined, '', 7, 'j'.repeat(129)]) assert.equal(await claims({ jti }), 'client-jti');
});

test('C4, C5: each registered key signs with its one algorithm, found by kid', async () => {
  for (const key of [es256, ps256, eddsa])
    assert.equal(await verdict({ key, claims: as('many') }), 'in', String(key.alg));
  assert.equal(await verdict({ key: { ...keys.stranger, kid: 'unnamed' }, claims: as('many') }), 'in');
  assert.equal(await verdict({ key: { ...keys.client, kid: 'other' } }), 'client-auth-failed');
});

test('C4: an assertion may call the algorithm of an Ed25519 key Ed25519, and so may the key (RFC 9864 2.2)', async () => {
  for (const kid of ['ed', 'ed-named']) {
    const key = importSigningKey({ ...eddsa, kid });
    const signed = async (alg: string): Promise<string> => {
      const iat = START;
      const body = encode({ ...as('many'), aud: ISSUER, jti: `${kid} ${alg}`, iat, exp: iat + 60 });
      const text = `${encode({ alg, kid })}.${body}`;
      return `${text}.${(await signBytes('EdDSA', key.key, Buffer.from(text))).toString('base64url')}`;
    };
    for (const alg of ['Ed25519', 'EdDSA']) assert.equal(await reason(await signed(alg)), 'subject-issuer', kid);
    for (const alg of ['ed25519', 'Ed448', 'RS256'])
      assert.equal(await reason(await signed(alg)), 'client-auth-failed');
  }
  const body = encode({ ...as('many'), aud: ISSUER, jti: 'x', exp: START + 60 });
  const forged = `${encode({ alg: 'Ed25519', kid: 'unnamed' })}.${body}.${'A'.repeat(86)}`;
  assert.equal(await reason(forged), 'client-auth-failed', 'Ed25519 under an RSA key');
});

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const input = (alg: string): string =>
  `${encode({ alg, kid: 'client-1', typ: 'JWT' })}.${encode({ ...as('web'), aud: ISSUER, jti: 'x', exp: START + 60 })}`;
const reason = async (client_assertion: string): Promise<unknown> =>
  (await world.exchange({ client_assertion })).body['fm_reason'];

test('X05, N04: no algorithm but the one of the key: none, HMAC with the public key, another RSA scheme (R6, C4)', async () => {
  for (const alg of ['none', 'None', 'nOnE']) {
    assert.equal(await reason(`${input(alg)}.`), 'client-assertion-malformed', alg);
    assert.equal(await reason(`${input(alg)}.AAAA`), 'client-auth-failed', alg);
  }
  const publicKey = JSON.stringify(publicJwk(keys.client));
  for (const secret of [publicKey, ` ${publicKey}`]) {
    const signature = createHmac('sha256', secret).update(input('HS256')).digest('base64url');
    assert.equal(await reason(`${input('HS256')}.${signature}`), 'client-auth-failed');
  }
  const pss = { ...keys.client, alg: 'PS256' };
  assert.equal(await verdict({ key: pss }), 'client-auth-failed', 'PS256 under an RS256 key');
  assert.equal(
    await verdict({ key: { ...ps256, alg: 'RS256' }, claims: as('many') }),
    'client-auth-failed',
    'RS256 under a PS256 key',
  );
  assert.equal(
    await verdict({ key: { ...keys.stranger, kid: 'unnamed', alg: 'PS256' }, claims: as('many') }),
    'client-auth-failed',
  );
});

test('X05: keys that are too short, off their curve or not for signing verify nothing', () => {
  const imported = createClientKeys();
  const point = publicJwk(es256);
  assert.notEqual(imported.importKey(point), undefined);
  assert.equal(imported.importKey({ ...point, y: point['x'] }), undefined);
  assert.equal(imported.importKey({ ...publicJwk(keys.client), n: 'AQAB' }), undefined);
  assert.equal(imported.importKey({ ...publicJwk(keys.client), use: 'enc' }), undefined);
  assert.equal(imported.importKey({ ...publicJwk(keys.client), alg: 'RS384' }), undefined);
});

test('C9: unknown, disabled, unknown kid, wrong algorithm and bad signature are one answer; the cause is for the record', async () => {
  const attempts: Readonly<Record<string, Change>> = {
    'client unknown': { claims: as('nobody') },
    'client disabled': { claims: as('gone') },
    key_unknown: { key: { ...keys.client, kid: 'x' } },
    algorithm_refused: { key: { ...keys.client, alg: 'PS256' } },
    signature_invalid: { key: { ...keys.stranger, kid: 'client-1' } },
  };
  const texts = new Set<string>();
  for (const [cause, change] of Object.entries(attempts)) {
    const answer = await world.exchange({ client_assertion: await world.assertion(change) });
    texts.add(`${answer.status} ${answer.text}`);
    assert.equal(world.lastDecision()?.cause, cause);
    assert.equal(world.lastDecision()?.caller, undefined, 'nobody was proven');
  }
  assert.equal(texts.size, 1);
  // Nor does the order of checks tell: what is wrong besides is said to both alike.
  const bad = { aud: 'https://other.example.test' };
  assert.equal(await claims({ ...as('nobody'), ...bad }), 'client-aud');
  assert.equal(await claims(bad), 'client-aud');
});

test('C1, N05: a second method, even beside a good assertion, and a secret alone never get to policy', async () => {
  const basic = { Authorization: `Basic ${Buffer.from('dev:fleet:web:x').toString('base64')}` };
  const { body } = await world.exchange({ client_secret: 'x' });
  assert.equal(body['fm_reason'], 'client-auth-multiple');
  assert.equal((await world.exchange({}, basic)).body['fm_reason'], 'client-auth-multiple');
  const none = { client_assertion: undefined, client_assertion_type: undefined };
  const alone = await world.exchange({ ...none, client_secret: 'x', client_id: 'dev:fleet:web' });
  assert.deepEqual([alone.status, alone.body['fm_reason']], [401, 'client-auth-missing']);
  const challenged = await world.exchange(none, basic);
  assert.deepEqual([challenged.status, challenged.body['fm_reason']], [401, 'client-auth-missing']);
  assert.match(String(challenged.headers['www-authenticate']), /^Basic /);
  assert.equal(world.lastDecision()?.target, undefined);
});

test('N08: what the request calls us changes neither what is accepted nor what is offered (C6)', async () => {
  const spoofed = { Host: 'evil.example.test', 'X-Forwarded-Host': 'evil.example.test', 'X-Forwarded-Proto': 'https' };
  const send = async (aud: string): Promise<Answer> =>
    world.exchange({ client_assertion: await world.assertion({ claims: { aud } }) }, spoofed);
  assert.equal((await send('https://evil.example.test')).body['fm_reason'], 'client-aud');
  assert.equal((await send(ISSUER)).body['fm_reason'], 'subject-issuer');
});

test('N14: a token of another kind is no assertion', async () => {
  const idToken = await sign(
    { iss: 'https://idp.example.test', sub: 'u-81', aud: ISSUER, nonce: 'n', exp: START + 60 },
    keys.client,
  );
  assert.equal((await world.exchange({ client_assertion: idToken })).body['fm_reason'], 'client-assertion-malformed');
});

test('N09: of one assertion sent two hundred times at once exactly one gets in (C8)', async (t) => {
  const own = await createWorld({ keys });
  t.after(() => own.close());
  for (let round = 0; round < 3; round += 1) {
    const client_assertion = await own.assertion();
    const subject_token = await own.subject();
    const body = await own.form({ client_assertion, subject_token });
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const answers = await Promise.all(Array.from({ length: 200 }, () => own.send('POST', '/token', { body, headers })));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.deepEqual(
      new Set(answers.map(({ body: { fm_reason } }) => fm_reason ?? 'in')),
      new Set(['in', 'client-replay', 'rate-limited']),
    );
    own.clock.now += 60;
  }
});

test('C8: the same jti of two clients is two assertions, and a bad signature spends nothing', async () => {
  const jti = 'shared';
  assert.equal(await claims({ jti }), 'in');
  assert.equal(await verdict({ key: es256, claims: { ...as('many'), jti } }), 'in');
  assert.equal(
    await verdict({ key: { ...keys.stranger, kid: 'client-1' }, claims: { jti: 'victim' } }),
    'client-auth-failed',
  );
  assert.equal(await claims({ jti: 'victim' }), 'in');
});

test('Y3: an assertion older than the memory of the replay store is refused, so a wiped store opens nothing again', async (t) => {
  const own = await createWorld({ keys, config: { issuers: [] }, rememberedSince: START });
  t.after(() => own.close());
  const cases = [
    [{ iat: START - 1 }, 'client-replay'],
    [{ iat: START }, 'in'],
    [{ iat: undefined, exp: START + 119 }, 'client-replay'],
    [{ iat: undefined, exp: START + 120 }, 'in'],
  ] as const;
  for (const [change, expected] of cases)
    assert.equal(await verdict({ claims: change }, own), expected, JSON.stringify(change));
});

test('N10: the jti of a long-lived or huge assertion never reaches the replay store', async () => {
  const before = world.remembered.length;
  assert.equal(await claims({ exp: 253_402_300_799 }), 'client-lifetime');
  assert.equal(await claims({ jti: 'j'.repeat(9000) }), 'client-jti');
  assert.equal(world.remembered.length, before);
  assert.ok(
    world.remembered.every((key) => key.length < 80),
    'only digests are kept',
  );
});

test('L8: failures of one address as one client do not touch another client of that address', async (t) => {
  const own = await createWorld({ keys, config: { issuers: [] } });
  t.after(() => own.close());
  for (let attempt = 0; attempt < 60; attempt += 1) await verdict({ claims: { ...as('api'), aud: 'x' } }, own);
  assert.equal(await verdict({ claims: as('api') }, own), 'rate-limited');
  assert.equal(await verdict({}, own), 'in');
  own.clock.now += 1;
  assert.equal(await verdict({ claims: as('api') }, own), 'no-rule', 'twenty a second come back: policy answers again');
});

test('L8: a clock that is set back locks nobody out until it is as late as it was', () => {
  let now = 10_000;
  const buckets = createBuckets({ perSecond: 1, burst: 2 }, () => now);
  while (buckets.charge('a'));
  assert.equal(buckets.hasRoom('a'), false);
  now -= 3600;
  assert.equal(buckets.hasRoom('a'), true);
});

test('L8: buckets refill by the clock and are bounded in number', () => {
  let now = 0;
  const buckets = createBuckets({ perSecond: 2, burst: 3 }, () => now, 100);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => buckets.charge('a')),
    [true, true, true, false],
  );
  now += 1;
  assert.deepEqual(
    [1, 2, 3].map(() => buckets.charge('a')),
    [true, true, false],
  );
  for (let key = 0; key < 100_000; key += 1) buckets.charge(`k${key}`);
  assert.equal(buckets.size(), 100);
});

test('G1: imported keys are bounded in number', () => {
  const imported = createClientKeys(10);
  const jwk = publicJwk(es256);
  for (let index = 0; index < 100; index += 1) imported.importKey({ ...jwk, kid: `k${index}` });
  assert.equal(imported.size(), 10);
});
