import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { inspect } from 'node:util';
import test from 'node:test';
import type { AuthErrorCode } from './auth-error.ts';
import { CLAIMS, ENV, keyFetch, makeKeys, mint, START, withHeader } from './fixtures.ts';
import type { TokenKind } from './fixtures.ts';
import { anyPrincipal, ConfigError, create, fromEnv } from './index.ts';
import type { Fullmakt, IssuerConfig, Principal, SdkEvent } from './index.ts';
import { publicJwk } from '../oauth/jwk.ts';

const keys = await makeKeys();
const KINDS: readonly TokenKind[] = [
  'entra-user',
  'entra-machine',
  'tokenx-user',
  'tokenx-machine',
  'idporten',
  'maskinporten',
  'oidc',
];

function fail(): never {
  throw new Error('bug in the application');
}

function makeAuth(
  t: test.TestContext,
  options: object = {},
): { auth: Fullmakt; clock: { now: number }; net: ReturnType<typeof keyFetch>; events: SdkEvent[] } {
  const clock = { now: START };
  const net = keyFetch(keys);
  const events: SdkEvent[] = [];
  const auth = fromEnv({
    env: ENV,
    fetch: net.fetch,
    clock: () => clock.now,
    maskinporten: { requiredScope: 'fleet:read' },
    onEvent: (event) => events.push(event),
    explain: true,
    ...options,
  });
  t.after(() => {
    auth.close();
  });
  return { auth, clock, net, events };
}

async function codeOf(auth: Fullmakt, token: string): Promise<AuthErrorCode | Principal> {
  const outcome = await auth.validate(token);
  return outcome.ok ? outcome.principal : outcome.error.code;
}

for (const kind of KINDS) {
  test(`every refusal of the table for ${kind}, in its order (2.2)`, async (t) => {
    const { auth, clock } = makeAuth(t);
    const claims = CLAIMS[kind];
    const good = await mint(claims, keys.issuer);
    assert.equal(typeof (await codeOf(auth, good)), 'object');
    const header = { alg: 'RS256', kid: 'k1', typ: 'JWT' };
    const changed = (changes: object): Promise<string> => mint({ ...claims, ...changes }, keys.issuer);
    const rows: readonly [token: string, code: AuthErrorCode][] = [
      ['', 'token_missing'],
      ['x'.repeat(16_385), 'token_too_large'],
      ['a.b', 'token_malformed'],
      [`${good}.`, 'token_malformed'],
      [`${good}=`, 'token_malformed'],
      [withHeader(good, { ...header, crit: ['x'] }), 'header_refused'],
      [withHeader(good, { ...header, b64: false }), 'header_refused'],
      [withHeader(good, { ...header, jwk: publicJwk(keys.issuerJwk) }), 'header_refused'],
      [withHeader(good, { ...header, jku: 'https://evil.example' }), 'header_refused'],
      [withHeader(good, { ...header, typ: 'logout+jwt' }), 'type_refused'],
      [withHeader(good, { ...header, alg: 'none' }), 'algorithm_refused'],
      [withHeader(good, { ...header, alg: 'HS256' }), 'algorithm_refused'],
      [withHeader(good, { ...header, alg: 'rs256' }), 'algorithm_refused'],
      [await mint([], keys.issuer), 'token_malformed'],
      [await changed({ iss: 'https://other.example' }), 'issuer_unknown'],
      [await changed({ iss: `${String(claims['iss'])}/` }), 'issuer_unknown'],
      [withHeader(good, { alg: 'RS256' }), 'key_id_missing'],
      [withHeader(good, { ...header, kid: 'k2' }), 'key_unknown'],
      [withHeader(good, { ...header, kid: '../k1' }), 'key_unknown'],
      [await mint(claims, keys.ec), 'algorithm_refused'],
      [withHeader(good, { ...header, alg: 'RS512' }), 'algorithm_refused'],
      [await mint(claims, keys.stranger), 'signature_invalid'],
      [await changed({ exp: undefined }), 'claim_missing'],
      [await changed({ iat: undefined }), 'claim_missing'],
      [await changed({ exp: 'x' }), 'claim_invalid'],
      [await changed({ exp: START }), 'claim_invalid'],
      [await changed({ iat: -1 }), 'claim_invalid'],
      [await changed({ nbf: null }), 'claim_invalid'],
      [await changed({ sub: 1 }), 'claim_invalid'],
      [await changed({ nbf: START + 31 }), 'token_not_yet_valid'],
      [await changed({ iat: START + 31 }), 'token_not_yet_valid'],
      [await changed({ exp: START + 87_001 }), 'lifetime_exceeded'],
    ];
    const audience: readonly [token: string, code: AuthErrorCode][] = [
      [await changed({ aud: undefined }), 'claim_missing'],
      [await changed({ aud: 'other' }), 'audience_mismatch'],
      [await changed({ aud: [] }), 'audience_mismatch'],
      [await changed({ aud: [1] }), 'claim_invalid'],
    ];
    for (const [token, code] of kind === 'maskinporten' ? [] : audience) {
      assert.equal(await codeOf(auth, token), code);
    }
    for (const [token, code] of rows) assert.equal(await codeOf(auth, token), code, token.slice(0, 60));
    clock.now = START + 629;
    assert.equal(typeof (await codeOf(auth, good)), 'object');
    clock.now = START + 630;
    assert.equal(await codeOf(auth, good), 'token_expired');
  });

  test(`each claim of ${kind} that is promised has to be there and of its type (5.1)`, async (t) => {
    const { auth } = makeAuth(t);
    const claims = CLAIMS[kind];
    const judged = new Set(['iss', 'aud', 'exp', 'iat']);
    const optional = new Set(['groups', 'roles', 'acr', 'pid', 'idtyp', 'scope', 'nbf']);
    for (const name of Object.keys(claims)) {
      if (judged.has(name) || (optional.has(name) && kind !== 'idporten')) continue;
      const missing = await codeOf(auth, await mint({ ...claims, [name]: undefined }, keys.issuer));
      assert.ok(missing === 'claim_missing' || missing === 'type_refused', `${name} missing`);
    }
    for (const name of Object.keys(claims)) {
      if (judged.has(name) || name === 'idtyp') continue;
      const wrong = await codeOf(auth, await mint({ ...claims, [name]: { not: 'this' } }, keys.issuer));
      assert.equal(wrong, 'claim_invalid', name);
    }
  });
}

test('an ID token is no access token, at Entra and at ID-porten (2.4)', async (t) => {
  const { auth } = makeAuth(t);
  assert.equal(await codeOf(auth, await mint({ ...CLAIMS['entra-user'], nonce: 'n' }, keys.issuer)), 'type_refused');
  assert.equal(await codeOf(auth, await mint({ ...CLAIMS['entra-user'], scp: '' }, keys.issuer)), 'type_refused');
  assert.equal(await codeOf(auth, await mint({ ...CLAIMS.idporten, nonce: 'n' }, keys.issuer)), 'type_refused');
});

test('an ID token of a generic issuer is no access token, unless its type says that it is one (security.md 5, 3)', async (t) => {
  const { auth } = makeAuth(t);
  for (const claim of ['nonce', 'at_hash', 'c_hash']) {
    const claims = { ...CLAIMS.oidc, [claim]: 'x' };
    assert.equal(await codeOf(auth, await mint(claims, keys.issuer)), 'type_refused', claim);
    assert.equal(typeof (await codeOf(auth, await mint(claims, keys.issuer, { typ: 'at+jwt' }))), 'object', claim);
  }
});

test('Maskinporten tokens need the scope that stands in for the audience, and are refused without it configured', async (t) => {
  const token = await mint(CLAIMS.maskinporten, keys.issuer);
  assert.equal(
    await codeOf(makeAuth(t, { maskinporten: { requiredScope: 'fleet:write' } }).auth, token),
    'scope_missing',
  );
  assert.equal(await codeOf(makeAuth(t, { maskinporten: undefined }).auth, token), 'issuer_unknown');
});

test('a principal says who, by whom and with what, is frozen, and hides its token', async (t) => {
  const { auth } = makeAuth(t);
  const facts: unknown[] = [];
  for (const kind of KINDS) {
    const token = await mint(CLAIMS[kind], keys.issuer);
    const principal = await auth.validateOrThrow(token);
    const { provider, id, caller, callerInPolicy, scopes } = principal;
    facts.push([provider, principal.kind, id, caller, callerInPolicy, scopes.length]);
    assert.ok(Object.isFrozen(principal) && Object.isFrozen(principal.claims) && Object.isFrozen(principal.scopes));
    assert.equal(principal.token.reveal(), token);
    assert.ok(!inspect(principal).includes(token) && !JSON.stringify(principal).includes(token));
    assert.throws(() => Reflect.apply(String, undefined, [principal.token]), TypeError);
  }
  assert.deepEqual(facts, [
    ['entra_id', 'user', 'oid-1', 'local:fleet:case-desk', true, 1],
    ['entra_id', 'machine', 'oid-1', 'local:fleet:case-desk', true, 0],
    ['tokenx', 'user', 's', 'local:fleet:portal', true, 0],
    ['tokenx', 'machine', 's', 'local:fleet:portal', true, 0],
    ['idporten', 'user', 's', 'c', undefined, 2],
    ['maskinporten', 'machine', '310000019', 'c', undefined, 1],
    ['oidc:mine', 'unknown', 's', undefined, undefined, 2],
  ]);
});

test('validate narrows who may have issued the token, and an unknown issuer causes no traffic (2.4)', async (t) => {
  const { auth, net } = makeAuth(t);
  const token = await mint(CLAIMS['tokenx-user'], keys.issuer);
  const refused = await auth.validate(token, { providers: ['entra_id'] });
  assert.equal(!refused.ok && refused.error.code, 'issuer_unknown');
  assert.equal(net.calls, 0);
  assert.ok((await auth.validate(token, { providers: ['tokenx'] })).ok);
  assert.equal(net.calls, 1);
});

test('L8: one leeway on exp, nbf and iat, at each limit and one beyond', async (t) => {
  const { auth } = makeAuth(t);
  const ok = async (changes: object): Promise<boolean> =>
    (await auth.validate(await mint({ ...CLAIMS.oidc, iat: START - 900, exp: START + 900, ...changes }, keys.issuer)))
      .ok;
  assert.deepEqual([await ok({ exp: START - 29 }), await ok({ exp: START - 30 })], [true, false]);
  assert.deepEqual([await ok({ nbf: START + 30 }), await ok({ nbf: START + 31 })], [true, false]);
  assert.deepEqual([await ok({ iat: START + 30 }), await ok({ iat: START + 31 })], [true, false]);
});

test('L7: an absurd leeway or lifetime throws before anything else', () => {
  for (const options of [{ leewaySeconds: Number.POSITIVE_INFINITY }, { leewaySeconds: -1 }, { leewaySeconds: 121 }]) {
    assert.throws(() => fromEnv({ env: ENV, ...options }), /leewaySeconds/);
  }
  for (const maxLifetimeSeconds of [Number.NaN, 0, Number.POSITIVE_INFINITY]) {
    assert.throws(() => fromEnv({ env: ENV, maxLifetimeSeconds }), /maxLifetimeSeconds/);
  }
});

test('L5: a public RSA key used as an HMAC secret, and a PEM where a key is expected, get nowhere', async (t) => {
  const { auth } = makeAuth(t);
  const { createHmac } = await import('node:crypto');
  const good = await mint(CLAIMS.oidc, keys.issuer);
  const input = withHeader(good, { alg: 'HS256', kid: 'k1' }).split('.').slice(0, 2).join('.');
  const pem = createPublicKey(keys.issuer.key).export({ format: 'pem', type: 'spki' });
  const forged = `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
  assert.equal(await codeOf(auth, forged), 'algorithm_refused');
  const issuer = { provider: 'oidc:x', issuer: 'https://op.example', audience: ['me'] } as const;
  assert.throws(() => create([{ ...issuer, keys: { jwks: { keys: [pem] } } }], { env: {} }));
});

test('L6: an issuer without audience does not start, nor does one without audience and scope', () => {
  const base = {
    provider: 'oidc:x',
    issuer: 'https://op.example',
    keys: { jwksUri: 'https://op.example/jwks' },
  } as const;
  for (const audience of [
    undefined,
    [],
    [''],
    { audienceNotIssued: true },
    { audienceNotIssued: true, requiredScope: 'a b' },
  ]) {
    const config = { ...base, audience } as unknown as IssuerConfig;
    assert.throws(() => create([config], { env: {} }), ConfigError, JSON.stringify(audience));
  }
  // @ts-expect-error -- no audience does not compile
  assert.throws(() => create([base], { env: {} }), ConfigError);
});

function jwks(...list: unknown[]): object {
  return { keys: { jwks: { keys: list } } };
}

test('what no type checker saw is found at start: providers, keys by hand, an audience nobody may leave out (2.4)', () => {
  const good = { provider: 'oidc:x', issuer: 'https://op.example', audience: ['me'] };
  const key = publicJwk(keys.issuerJwk);
  const bad: readonly object[] = [
    { ...good, ...jwks(key), provider: 'tokenX' },
    { ...good, ...jwks(key), provider: undefined },
    { ...good },
    { ...good, ...jwks() },
    { ...good, keys: { jwks: [key] } },
    { ...good, ...jwks(key, { ...key, d: 'x' }) },
    { ...good, ...jwks(key, { ...key, kid: undefined }) },
    { ...good, ...jwks(key, { ...keys.ec.publicJwk, kid: key.kid }) },
    ...['entra_id', 'tokenx', 'idporten'].map((provider) => ({
      ...good,
      ...jwks(key),
      provider,
      audience: { audienceNotIssued: true, requiredScope: 'a' },
    })),
  ];
  for (const config of bad) {
    assert.throws(() => create([config as unknown as IssuerConfig], { env: {} }), ConfigError, JSON.stringify(config));
  }
  create([{ ...good, ...jwks(key) } as unknown as IssuerConfig], { env: {} }).close();
});

test('L12: two claims of one name, __proto__ and trailing text are refused before anything is believed', async (t) => {
  const { auth } = makeAuth(t);
  const good = await mint(CLAIMS.oidc, keys.issuer);
  const claims = JSON.stringify(CLAIMS.oidc);
  const payloads = [
    claims.replace('{', '{"iss":"x",'),
    claims.replace('{', '{"__proto__":{},'),
    `${claims} x`,
    `\uFEFF${claims}`,
  ];
  for (const payload of payloads) {
    const [header, , signature] = good.split('.');
    const token = [header, Buffer.from(payload).toString('base64url'), signature].join('.');
    assert.equal(await codeOf(auth, token), 'token_malformed');
  }
});

test('L10: keys serve 23 hours through an outage and not 25; then it is 503 with Retry-After and no challenge', async (t) => {
  const { auth, clock, net } = makeAuth(t);
  const fresh = (): Promise<string> => mint({ ...CLAIMS.oidc, iat: clock.now, exp: clock.now + 60 }, keys.issuer);
  assert.ok((await auth.validate(await fresh())).ok);
  net.down = true;
  clock.now += 23 * 3600;
  assert.ok((await auth.validate(await fresh())).ok);
  clock.now += 2 * 3600;
  const outcome = await auth.validate(await fresh());
  assert.ok(!outcome.ok);
  assert.deepEqual(
    [outcome.error.code, outcome.error.status, outcome.error.challenge(), typeof outcome.error.retryAfterSeconds],
    ['keys_unavailable', 503, undefined, 'number'],
  );
});

test('ready tells per provider whether its keys are there, and never rejects', async (t) => {
  const { auth, net } = makeAuth(t);
  net.down = true;
  const before = await auth.ready();
  assert.ok(before.length === 5 && before.every(({ ok, reason }) => !ok && reason !== undefined));
});

test('events tell what was accepted and refused, and never hold a token', async (t) => {
  const { auth, events } = makeAuth(t, { explain: false });
  const token = await mint(CLAIMS['tokenx-user'], keys.issuer);
  await auth.validate(token);
  const refused = await auth.validate(`${token}x`);
  assert.ok(!refused.ok && refused.error.explanation === undefined);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['keys.fetched', 'token.accepted', 'token.refused'],
  );
  assert.doesNotMatch(JSON.stringify(events), /eyJ|01819090285/);
});

test('a listener that throws changes no verdict', async (t) => {
  const { auth } = makeAuth(t, { onEvent: fail });
  assert.ok((await auth.validate(await mint(CLAIMS.oidc, keys.issuer))).ok);
});

test('validateSync judges with keys in memory, and without them asks for them and refuses (5)', async (t) => {
  const { auth, clock, net } = makeAuth(t);
  const good = await mint(CLAIMS.idporten, keys.issuer);
  const codeNow = (token: string): unknown => {
    const outcome = auth.validateSync(token);
    return outcome.ok ? 'accepted' : outcome.error.code;
  };
  assert.equal(codeNow(good), 'keys_unavailable');
  await auth.ready();
  assert.equal(codeNow(good), 'accepted');
  assert.equal(codeNow(await mint(CLAIMS.idporten, keys.stranger)), 'signature_invalid');
  assert.equal(codeNow('x'), 'token_malformed');
  // An old set still answers, and is renewed behind the answer.
  clock.now += 990;
  const fetches = net.calls;
  assert.equal(
    codeNow(await mint({ ...CLAIMS.idporten, iat: clock.now, exp: clock.now + 60 }, keys.issuer)),
    'accepted',
  );
  assert.equal(net.calls, fetches + 1);
});

test('a token that names nobody is refused: the claim behind the id may not be empty (5)', async (t) => {
  const { auth } = makeAuth(t);
  const organisation = { authority: 'iso6523-actorid-upis', ID: '0192:' };
  for (const [kind, nobody] of [
    ['entra-user', { oid: '' }],
    ['tokenx-user', { sub: '' }],
    ['maskinporten', { consumer: organisation }],
  ] as const) {
    assert.equal(await codeOf(auth, await mint({ ...CLAIMS[kind], ...nobody }, keys.issuer)), 'claim_invalid', kind);
  }
});

test('several Authorization members of one request are refused, however they are spelled (5.3)', async (t) => {
  const { auth } = makeAuth(t);
  const good = `Bearer ${await mint(CLAIMS.idporten, keys.issuer)}`;
  const codeFor = async (headers: Record<string, string | string[] | undefined>): Promise<string> => {
    const outcome = await auth.authenticate({ headers }, anyPrincipal);
    return outcome.ok ? 'accepted' : outcome.error.code;
  };
  assert.equal(await codeFor({ AUTHORIZATION: good }), 'accepted');
  assert.equal(await codeFor({ authorization: [good] }), 'accepted');
  assert.equal(await codeFor({ Authorization: 'Bearer other', authorization: good }), 'request_malformed');
  assert.equal(await codeFor({ authorization: undefined }), 'token_missing');
});
