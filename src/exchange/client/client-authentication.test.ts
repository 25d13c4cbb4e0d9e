import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openAssertionBench, as } from '../testing/assertions.ts';
import { createWorld, ISSUER, sign, START } from '../testing/world.ts';
import type { Answer, Change } from '../testing/world.ts';

const { keys, world, verdict, claims } = await openAssertionBench();
after(() => world.close());

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
