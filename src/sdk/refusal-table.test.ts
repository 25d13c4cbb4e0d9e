import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { refuse } from './http/refusal.ts';
import {
  anyPrincipal,
  fromEnv,
  requireAcr,
  requireCaller,
  requireConsumer,
  requireGroup,
  requireMachine,
  requireRole,
  requireScope,
} from './index.ts';
import type { AuthErrorCode, Fullmakt, Guard, Options, RequestLike } from './index.ts';
import { createTestIssuer, fakeClock } from './testing.ts';
import type { TokenKind } from './testing.ts';

const clock = fakeClock();
const issuer = await createTestIssuer({ clock });
const ACCEPTED: readonly TokenKind[] = [
  'entra-user',
  'entra-machine',
  'tokenx',
  'tokenx-machine',
  'idporten',
  'maskinporten',
];
const KINDS: readonly TokenKind[] = [...ACCEPTED, 'entra-id-token', 'idporten-id-token'];

async function open(t: TestContext, options: Options = {}): Promise<Fullmakt> {
  const { env, fetch } = issuer;
  const auth = fromEnv({ env, fetch, clock, maskinporten: { requiredScope: 'test:data/read' }, ...options });
  t.after(() => auth.close());
  await auth.ready();
  return auth;
}

/** Code, status, challenge and body of the answer to a request; `accepted` and nothing else. */
async function answerTo(
  auth: Fullmakt,
  request: RequestLike,
  guard: Guard = anyPrincipal,
): Promise<readonly unknown[]> {
  const outcome = await auth.authenticate(request, guard);
  if (outcome.ok) return ['accepted'];
  const { status, headers, body } = refuse(outcome.error, {});
  assert.equal(headers['Cache-Control'], 'no-store');
  return [outcome.error.code, status, headers['WWW-Authenticate'], JSON.parse(body)];
}

function bearer(token: string): RequestLike {
  return { headers: { authorization: `Bearer ${token}` } };
}

const EXPIRED = 'the token has expired';
const INVALID = 'the token is invalid';

/** What a refused token is answered with, row by row of sidecar-sdk.md 5.3. */
function expectedOf(code: AuthErrorCode): readonly unknown[] {
  if (code === 'token_missing') {
    return [code, 401, 'Bearer', { error: 'invalid_token', error_description: 'a bearer token is required' }];
  }
  if (code === 'scope_missing') {
    const description = 'the token does not give access to this';
    const challenge = 'Bearer error="insufficient_scope", scope="test:data/read"';
    return [code, 403, challenge, { error: 'insufficient_scope', error_description: description }];
  }
  const says = code === 'token_expired' ? EXPIRED : INVALID;
  const challenge = `Bearer error="invalid_token", error_description="${says}"`;
  return [code, 401, challenge, { error: 'invalid_token', error_description: says }];
}

/** No bearer token is written like this: the header is refused before a token is looked at. */
function isSpelledAsToken(token: string): boolean {
  return Array.from(token).every((letter) => letter > ' ' && letter <= '~' && !'{}",'.includes(letter));
}

for (const kind of KINDS) {
  test(`L15 error-semantics: each refusal of ${kind} has its code, status and challenge, and says nothing finer (2.2, 5.3)`, async (t) => {
    const auth = await open(t);
    for (const { name, token, code } of issuer.refusals(kind)) {
      if (token === '' || !isSpelledAsToken(token)) continue;
      const found = await answerTo(auth, bearer(token));
      // Some malformed tokens are no bearer tokens either, and the header is judged first.
      const isHeader = code === 'token_malformed' && found[0] === 'request_malformed';
      assert.deepEqual(found, isHeader ? malformed() : expectedOf(code), name);
    }
  });
}

function malformed(): readonly unknown[] {
  const description = 'the Authorization header is malformed';
  const body = { error: 'invalid_request', error_description: description };
  return ['request_malformed', 400, 'Bearer error="invalid_request"', body];
}

test('L15 error-semantics: no credentials are 401 without error, several are 400 (5.3)', async (t) => {
  const auth = await open(t);
  const good = issuer.mint('idporten');
  for (const headers of [{}, { authorization: undefined }, { authorization: 'Basic eDp5' }, { authorization: '' }]) {
    assert.deepEqual(await answerTo(auth, { headers }), expectedOf('token_missing'), JSON.stringify(headers));
  }
  for (const authorization of [
    'Bearer',
    'Bearer ',
    `Bearer ${good} x`,
    `Bearer ${good}, Bearer ${good}`,
    `Bearer ${good},`,
    [`Bearer ${good}`, `Bearer ${good}`],
    [`Bearer ${good}`, 'Basic eDp5'],
  ]) {
    assert.deepEqual(
      await answerTo(auth, { headers: { authorization } }),
      malformed(),
      String(authorization).slice(0, 9),
    );
  }
  for (const scheme of ['bearer', 'BEARER', 'BeArEr']) {
    assert.deepEqual(await answerTo(auth, { headers: { authorization: `${scheme} ${good}` } }), ['accepted']);
  }
  for (const request of [
    { headers: {}, url: `/?access_token=${good}` },
    { headers: { cookie: `access_token=${good}` } },
    { headers: { 'x-authorization': `Bearer ${good}`, 'proxy-authorization': `Bearer ${good}` } },
  ]) {
    assert.equal((await answerTo(auth, request))[0], 'token_missing', 'the Authorization header only');
  }
});

test('L15 error-semantics: what guards refuse is 403, but too low a level is 401 and says which would do (5.3, RFC 9470)', async (t) => {
  const auth = await open(t);
  const refused = { error: 'insufficient_scope', error_description: 'the token does not give access to this' };
  const plain = 'Bearer error="insufficient_scope"';
  const rows: readonly (readonly [Guard, AuthErrorCode, string])[] = [
    [requireMachine(), 'wrong_kind', plain],
    [requireScope({ any: ['a', 'b'] }), 'scope_missing', `${plain}, scope="a b"`],
    [requireRole('r'), 'role_missing', plain],
    [requireGroup('g'), 'group_missing', plain],
    [requireCaller('x:y:z'), 'caller_not_allowed', plain],
    [requireConsumer('310000020'), 'consumer_not_allowed', plain],
  ];
  for (const [guard, code, challenge] of rows) {
    assert.deepEqual(await answerTo(auth, bearer(issuer.mint('tokenx')), guard), [code, 403, challenge, refused]);
  }
  const overage = issuer.mint('entra-user', { claims: { _claim_names: { groups: 'src1' } }, without: ['groups'] });
  const inGroup = await answerTo(auth, bearer(overage), requireGroup('g'));
  assert.deepEqual(inGroup, ['groups_overage', 403, plain, refused]);
  const low = issuer.mint('tokenx', { claims: { acr: 'idporten-loa-substantial' } });
  assert.deepEqual(await answerTo(auth, bearer(low), requireAcr('high')), [
    'acr_too_low',
    401,
    'Bearer error="insufficient_user_authentication", acr_values="idporten-loa-high"',
    { error: 'insufficient_user_authentication', error_description: 'a higher level of authentication is required' },
  ]);
});

test('L15 error-semantics: keys that cannot be had are 503 with Retry-After and nothing to challenge (5.3)', async (t) => {
  const other = await createTestIssuer({ clock });
  other.fail('down');
  const auth = fromEnv({ env: other.env, fetch: other.fetch, clock });
  t.after(() => auth.close());
  const outcome = await auth.validate(other.mint('tokenx'));
  assert.ok(!outcome.ok);
  const { status, headers } = refuse(outcome.error, {});
  assert.deepEqual([outcome.error.code, status, headers['WWW-Authenticate']], ['keys_unavailable', 503, undefined]);
  assert.ok(Number(headers['Retry-After']) >= 1);
});

test('L8 skew: one leeway on exp, nbf and iat at -1, 0 and +1 s, for each provider and each leeway that may be set', async (t) => {
  for (const leewaySeconds of [undefined, 0, 1, 120]) {
    const auth = await open(t, leewaySeconds === undefined ? {} : { leewaySeconds });
    const leeway = leewaySeconds ?? 30;
    for (const kind of ACCEPTED) {
      const codes = async (make: (offset: number) => object): Promise<readonly unknown[]> =>
        await Promise.all(
          [-1, 0, 1].map(
            async (offset) => (await answerTo(auth, bearer(issuer.mint(kind, { claims: make(offset) }))))[0],
          ),
        );
      const now = clock();
      const early = { iat: now - 1000, nbf: now - 1000 };
      const where = `${kind}, ${leeway} s`;
      assert.deepEqual(
        await codes((offset) => ({ ...early, exp: now - leeway + offset })),
        ['token_expired', 'token_expired', 'accepted'],
        `exp of ${where}`,
      );
      const late = ['accepted', 'accepted', 'token_not_yet_valid'];
      const exp = now + 1000;
      assert.deepEqual(await codes((offset) => ({ nbf: now + leeway + offset, exp })), late, `nbf of ${where}`);
      assert.deepEqual(await codes((offset) => ({ iat: now + leeway + offset, exp })), late, `iat of ${where}`);
    }
  }
});

test('each limit of a token, and one beyond (2.1, 2.2)', async (t) => {
  const auth = await open(t);
  const codeOf = async (token: string, by: Fullmakt = auth): Promise<unknown> => {
    const outcome = await by.validate(token);
    return outcome.ok ? 'accepted' : outcome.error.code;
  };
  for (const kind of ACCEPTED) {
    const mint = (claims: object): string => issuer.mint(kind, { claims });
    const empty = mint({ filler: '' }).length;
    const filled = (characters: number): string => mint({ filler: 'x'.repeat(characters) });
    // Three bytes are four characters; what is left over decides by ones.
    const most = Math.floor(((16_384 - empty) * 3) / 4);
    const sizes = [-3, -2, -1, 0, 1, 2, 3].map((more) => filled(most + more));
    assert.ok(
      sizes.some(({ length }) => length >= 16_383 && length <= 16_384),
      kind,
    );
    for (const token of sizes) {
      assert.equal(await codeOf(token), token.length <= 16_384 ? 'accepted' : 'token_too_large', `${token.length}`);
    }
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    assert.equal(await codeOf(mint({ nested: nested(15) })), 'accepted');
    assert.equal(await codeOf(mint({ nested: nested(16) })), 'token_malformed');
    const iat = clock();
    assert.equal(await codeOf(mint({ iat, exp: iat + 87_000 })), 'accepted');
    assert.equal(await codeOf(mint({ iat, exp: iat + 87_001 })), 'lifetime_exceeded');
    assert.equal(await codeOf(mint({ iat, exp: iat + 1 })), 'accepted');
    assert.equal(await codeOf(mint({ iat, exp: iat })), 'claim_invalid');
    assert.equal(await codeOf(mint({ iat: 0, exp: iat + 60 })), 'lifetime_exceeded');
    assert.equal(await codeOf(mint({ iat: -1, exp: iat + 60 })), 'claim_invalid');
    assert.equal(await codeOf(mint({ exp: 2 ** 53 - 1 })), 'lifetime_exceeded');
    assert.equal(await codeOf(mint({ exp: 2 ** 53 })), 'claim_invalid');
  }
  const short = await open(t, { maxLifetimeSeconds: 60 });
  assert.equal(await codeOf(issuer.mint('idporten', { expiresInSeconds: 60 }), short), 'accepted');
  assert.equal(await codeOf(issuer.mint('idporten', { expiresInSeconds: 61 }), short), 'lifetime_exceeded');
});

test('an audience may stand alone or among others, and typ may be spelled in its ways (2.1, 2.2)', async (t) => {
  const auth = await open(t);
  const accepted = async (token: string): Promise<boolean> => (await auth.validate(token)).ok;
  for (const kind of ACCEPTED) {
    const { aud } = JSON.parse(Buffer.from(issuer.mint(kind).split('.')[1] ?? '', 'base64url').toString()) as {
      aud?: string;
    };
    if (aud !== undefined) assert.ok(await accepted(issuer.mint(kind, { claims: { aud: ['other', aud] } })), kind);
    for (const typ of [undefined, 'JWT', 'jwt', 'application/jwt', 'at+jwt', 'application/AT+JWT']) {
      assert.ok(await accepted(issuer.mint(kind, { header: { typ } })), `${kind} ${typ}`);
    }
    for (const header of [{ x5c: ['x'] }, { x5t: 'x' }, { unheard: 'of' }]) {
      assert.ok(await accepted(issuer.mint(kind, { header })), `${kind} ${JSON.stringify(header)}`);
    }
  }
});

test('the codes of docs/errors.md are the union, and this table shows each of them with its status', async (t) => {
  const auth = await open(t);
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'errors.md'), 'utf8');
  const [, section = ''] = page.split('\n## SDK\n');
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([a-z_]+)` \| (\d+) \|/gm)];
  const documented = new Map(rows.map(([, code = '', status = '']) => [code, Number(status)]));
  const STATUS: Readonly<Record<AuthErrorCode, number>> = {
    token_missing: 401,
    token_too_large: 401,
    token_malformed: 401,
    header_refused: 401,
    type_refused: 401,
    algorithm_refused: 401,
    issuer_unknown: 401,
    key_id_missing: 401,
    keys_unavailable: 503,
    key_unknown: 401,
    signature_invalid: 401,
    claim_missing: 401,
    claim_invalid: 401,
    token_expired: 401,
    token_not_yet_valid: 401,
    audience_mismatch: 401,
    lifetime_exceeded: 401,
    scope_missing: 403,
    request_malformed: 400,
    wrong_kind: 403,
    role_missing: 403,
    group_missing: 403,
    groups_overage: 403,
    acr_too_low: 401,
    caller_not_allowed: 403,
    consumer_not_allowed: 403,
  };
  assert.deepEqual(Object.fromEntries(documented), STATUS);
  const shown = new Set<string>();
  for (const kind of KINDS) {
    for (const { token } of issuer.refusals(kind)) {
      const outcome = await auth.validate(token);
      if (outcome.ok) continue;
      shown.add(outcome.error.code);
      assert.equal(outcome.error.status, documented.get(outcome.error.code));
    }
  }
  const elsewhere =
    'request_malformed keys_unavailable wrong_kind role_missing group_missing groups_overage acr_too_low';
  for (const code of `${elsewhere} caller_not_allowed consumer_not_allowed`.split(' ')) shown.add(code);
  assert.deepEqual([...shown].toSorted(), Object.keys(STATUS).toSorted());
});
