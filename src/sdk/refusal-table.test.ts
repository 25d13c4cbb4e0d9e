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
import { ACCEPTED, openAuth } from './testing/issuer-auth.ts';
import type { TokenKind } from './testing.ts';

const clock = fakeClock();
const issuer = await createTestIssuer({ clock });
const KINDS: readonly TokenKind[] = [...ACCEPTED, 'entra-id-token', 'idporten-id-token'];

const open = (t: TestContext, options: Options = {}): Promise<Fullmakt> => openAuth(t, issuer, { clock, ...options });

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
