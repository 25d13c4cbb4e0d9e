import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { TOKEN_TYPE } from '../../oauth/client-assertion.ts';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import {
  claimsOf,
  createTestKeys,
  createWorld,
  defaultData,
  idportenClient,
  ISSUER,
  sign,
  START,
} from '../testing/world.ts';
import type { Answer, Change, World } from '../testing/world.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

const keys = await createTestKeys();
const es256 = await generatePrivateJwk('ES256', 'es');
const ENTRA = 'https://login.example.test/tenant/v2.0';
const MASKIN = 'https://maskin.example.test/';
const ODD = 'https://odd.example.test';
const jwks = { keys: [publicJwk(keys.idp), publicJwk(es256)] };
const issuers: readonly TrustedIssuer[] = [
  { name: 'idporten', issuer: 'https://idp.example.test', jwks, bind: { clientId: '@registry' }, map: 'idporten-acr' },
  { name: 'azure', issuer: ENTRA, jwks, bind: { aud: ['our-api'] } },
  {
    name: 'maskinporten',
    issuer: MASKIN,
    jwks,
    bind: { clientId: ['machine-1'] },
    algs: ['RS256', 'ES256'],
    subFrom: 'consumer_id',
  },
  {
    name: 'anything',
    issuer: 'https://any.example.test',
    jwks,
    bind: 'any',
    accessTokenMarkers: [],
    idTokens: 'callerAudience',
    maxAge: 60,
  },
  { name: 'both', issuer: 'https://both.example.test', jwks, bind: { aud: ['a'], clientId: ['c'] } },
  { name: 'odd', issuer: ODD, jwks, bind: { clientId: ['login-client'] }, typ: ['application/Odd+jwt'] },
  { name: 'off', issuer: 'https://off.example.test', jwks, bind: 'any', disabled: true },
];
const data = defaultData(keys);
const world = await createWorld({
  keys,
  config: { issuers },
  data: { clients: [...data.clients, idportenClient('api', 'api-login')] },
});
after(() => world.close());

async function verdict(change: Change, more: { readonly type?: string; readonly in?: World } = {}): Promise<unknown> {
  const answer = await (more.in ?? world).exchange({
    subject_token: await world.subject(change),
    subject_token_type: more.type ?? TOKEN_TYPE.jwt,
  });
  return answer.status === 200 ? 'in' : answer.body['fm_reason'];
}
const claims = (changes: object): Promise<unknown> => verdict({ claims: { ...changes } });

test('X07: the tokens of ID-porten, Entra ID and Maskinporten pass under their own rules (6.1)', async () => {
  assert.equal(
    await claims({ acr: 'idporten-loa-substantial', pid: '00000000000', scope: 'openid', amr: ['bankid'] }),
    'in',
  );
  const entra = { iss: ENTRA, client_id: undefined, aud: 'our-api', azp: 'spa', scp: 'les', oid: 'o', ver: '2.0' };
  assert.equal(await claims(entra), 'in');
  const maskin = { iss: MASKIN, client_id: 'machine-1', sub: undefined, consumer_id: '0192:310000019', scope: 'x:y' };
  const answer = await world.exchange({ subject_token: await world.subject({ claims: maskin, key: es256 }) });
  assert.equal(claimsOf(answer)['sub'], '0192:310000019');
});

test('X07: iss is compared byte for byte, and a disabled issuer is an unknown one (J1)', async () => {
  const wrong = [
    'https://idp.example.test/',
    'HTTPS://idp.example.test',
    'https://idp.example.test.',
    'https://off.example.test',
    '',
    7,
    undefined,
  ];
  for (const iss of wrong) assert.equal(await claims({ iss }), 'subject-issuer', String(iss));
});

test('X07: subject_token_type is jwt or access_token (J1)', async () => {
  assert.equal(await verdict({}, { type: TOKEN_TYPE.accessToken }), 'in');
  for (const type of [TOKEN_TYPE.idToken, TOKEN_TYPE.refreshToken, 'jwt', 'urn:x']) {
    assert.equal(await verdict({}, { type }), 'subject-type', type);
  }
});

test('X07, N14: typ is absent, JWT or at+jwt; proofs, logout tokens and assertions are none of these (J2, J4)', async () => {
  for (const typ of [undefined, 'JWT', 'at+JWT', 'application/at+jwt'])
    assert.equal(await verdict({ header: { typ } }), 'in', String(typ));
  for (const typ of [
    'dpop+jwt',
    'logout+jwt',
    'client-authentication+jwt',
    'txntoken+jwt',
    'oauth-id-jag+jwt',
    'secevent+jwt',
  ]) {
    assert.equal(await verdict({ header: { typ } }), 'subject-typ', typ);
  }
  for (const typ of ['odd+jwt', 'APPLICATION/odd+JWT'])
    assert.equal(await verdict({ claims: { iss: ODD }, header: { typ } }), 'in', typ);
  for (const typ of ['JWT', undefined])
    assert.equal(await verdict({ claims: { iss: ODD }, header: { typ } }), 'subject-typ', 'its own list alone');
  assert.equal(await claims({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }), 'subject-kind');
  const assertion = await world.assertion();
  assert.equal((await world.exchange({ subject_token: assertion })).body['fm_reason'], 'subject-issuer');
});

test("X07: only the issuer's own keys and listed algorithms verify (J2)", async () => {
  assert.equal(await verdict({ key: es256 }), 'subject-signature', 'ES256 is not listed');
  assert.equal(await verdict({ key: keys.stranger }), 'subject-signature');
  assert.equal(await verdict({ key: { ...keys.stranger, kid: 'idp-1' } }), 'subject-signature');
  assert.equal(await verdict({ key: { ...keys.idp, alg: 'PS256' } }), 'subject-signature');
});

test('X07: sub may be left out, and is a string where it is not (J1)', async () => {
  assert.equal(await claims({ sub: undefined }), 'in');
  for (const sub of [7, null, ['u-81'], { u: 81 }, true]) assert.equal(await claims({ sub }), 'subject-malformed');
});

test('X07: exp and iat are required; one second of the subject token must be left (J3)', async () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ exp: undefined }, 'subject-time'],
    [{ iat: undefined }, 'subject-time'],
    [{ exp: '9999999999' }, 'subject-time'],
    [{ exp: START + 1 }, 'in'],
    [{ exp: START + 0.5 }, 'subject-expired'],
    [{ exp: START - 3600 }, 'subject-expired'],
    [{ iat: START + 10 }, 'in'],
    [{ iat: START + 11 }, 'subject-time'],
    [{ nbf: START + 11 }, 'subject-time'],
    [{ exp: 253_402_300_800 }, 'subject-time'],
    [{ iss: 'https://any.example.test', iat: START - 60 }, 'in'],
    [{ iss: 'https://any.example.test', iat: START - 61 }, 'subject-time'],
  ];
  for (const [change, expected] of cases) assert.equal(await claims(change), expected, JSON.stringify(change));
});

test('X07, N14: an ID token is no access token, with or without nonce (J4)', async () => {
  for (const name of ['nonce', 'at_hash', 'c_hash', 's_hash'])
    assert.equal(await claims({ [name]: 'x' }), 'subject-kind', name);
  assert.equal(
    await claims({ client_id: undefined, aud: 'login-client' }),
    'subject-kind',
    'no marker of an access token',
  );
  const idToken = { iss: 'https://any.example.test', aud: 'login-client', nonce: 'n', client_id: undefined };
  assert.equal(await claims(idToken), 'subject-kind');
  assert.equal(
    await verdict({ claims: idToken }, { type: TOKEN_TYPE.idToken }),
    'in',
    'its aud is the caller at that issuer',
  );
  assert.equal(
    await verdict({ claims: { ...idToken, aud: 'api-login' } }, { type: TOKEN_TYPE.idToken }),
    'subject-binding',
  );
});

test("N14, J5: an ID token is nobody's who has no client at its issuer, whatever its aud", async (t) => {
  const { clients } = data;
  const own = await createWorld({
    keys,
    config: { issuers },
    data: { clients: clients.filter(({ provider }) => provider === 'tokenx') },
  });
  t.after(() => own.close());
  for (const aud of ['', ['', 'x'], [], undefined]) {
    const idToken = { iss: 'https://any.example.test', aud, nonce: 'n', client_id: undefined };
    assert.equal(await verdict({ claims: idToken }, { type: TOKEN_TYPE.idToken, in: own }), 'subject-binding');
  }
});

test('J2: an algorithm the issuer does not use is refused before its keys are asked for', async (t) => {
  const own = await createWorld({ keys, jwks: () => Promise.reject(new Error('down')) });
  t.after(() => own.close());
  assert.equal(await verdict({}, { in: own }), 'issuer-unavailable');
  for (const key of [{ ...keys.idp, alg: 'PS256' }, es256])
    assert.equal(await verdict({ key }, { in: own }), 'subject-signature');
});

test('X07, N01: a token of another issuer must be bound to us (J5)', async () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ client_id: 'api-login' }, 'in'],
    [{ client_id: 'another-login' }, 'subject-binding'],
    [{ client_id: undefined, scope: 'openid' }, 'subject-binding'],
    [{ client_id: 'login-client', azp: 'another-login' }, 'subject-binding'],
    [{ client_id: ['login-client'] }, 'subject-binding'],
    [{ iss: ENTRA, aud: ['x', 'our-api'] }, 'in'],
    [{ iss: ENTRA, aud: 'another-api' }, 'subject-binding'],
    [{ iss: ENTRA }, 'subject-binding'],
    [{ iss: 'https://both.example.test', aud: 'a', client_id: 'c' }, 'in'],
    [{ iss: 'https://both.example.test', aud: 'a', client_id: 'd' }, 'subject-binding'],
    [{ iss: 'https://both.example.test', aud: 'b', client_id: 'c' }, 'subject-binding'],
    [{ iss: 'https://any.example.test', client_id: 'whoever' }, 'in'],
  ];
  for (const [change, expected] of cases) assert.equal(await claims(change), expected, JSON.stringify(change));
});

test('N01: our own token goes on only with the application it was issued to (J5)', async () => {
  const first = String((await world.exchange()).body['access_token']);
  const onward = async (caller: string): Promise<Answer> =>
    world.exchange({
      client_assertion: await world.assertion({ claims: { iss: caller, sub: caller } }),
      subject_token: first,
      audience: 'dev:fleet:store',
    });
  assert.equal((await onward('dev:fleet:api')).status, 200);
  const thief = await world.exchange({ subject_token: first });
  assert.equal(thief.body['fm_reason'], 'subject-not-for-caller');
  const forged = await sign({ ...claimsOf(await world.exchange()), aud: 'dev:fleet:web', iss: ISSUER }, keys.idp);
  assert.equal((await world.exchange({ subject_token: forged })).body['fm_reason'], 'subject-signature');
});

test('X07: size: 16 KiB pass, one character more does not; ten thousand audiences are read and refused (R6)', async () => {
  const bare = (await world.subject({ claims: { filler: '' } })).length;
  const sized = async (length: number): Promise<string> => {
    for (let filler = Math.floor(((length - bare) * 3) / 4) - 4; ; filler += 1) {
      const token = await world.subject({ claims: { filler: 'x'.repeat(filler) } });
      if (token.length >= length) return token;
    }
  };
  const fits = await sized(16_383);
  assert.ok(fits.length <= 16_384);
  const accepted = await world.exchange({ subject_token: fits });
  assert.match(String(accepted.body['error_description']), /12 KiB/, 'read, but the new token would be too long');
  const over = await world.exchange({ subject_token: await sized(16_385) });
  assert.match(String(over.body['error_description']), /16 KiB/);
  assert.equal(await claims({ iss: ENTRA, aud: Array.from({ length: 10_000 }, () => '1') }), 'token-too-large');
});

test('6.1: bind any is warned of at the start', () => {
  assert.deepEqual(
    world.events.filter((event) => event.event === 'exchange.issuer_bind_any'),
    [{ event: 'exchange.issuer_bind_any', issuer: 'anything', here: 1 }],
  );
});
