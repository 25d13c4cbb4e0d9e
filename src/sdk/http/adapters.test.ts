import assert from 'node:assert/strict';
import test from 'node:test';
import type { AuthError } from '../index.ts';
import { makeAuth } from '../testing/auth.ts';
import { CLAIMS, ENV, makeKeys, mint, START } from '../testing/fixtures.ts';
import { startApps } from './testing/apps.ts';
import type { Answer, Question } from './testing/ask.ts';

const keys = await makeKeys();
const user = await mint(CLAIMS['tokenx-user'], keys.issuer);
const low = await mint({ ...CLAIMS['tokenx-user'], acr: 'Level3' }, keys.issuer);
const weak = await mint({ ...CLAIMS['tokenx-user'], acr: 'idporten-loa-low' }, keys.issuer);
const machine = await mint(CLAIMS['tokenx-machine'], keys.issuer);
const stranger = await mint({ ...CLAIMS['tokenx-user'], client_id: 'local:fleet:nobody' }, keys.issuer);
const expired = await mint({ ...CLAIMS['tokenx-user'], iat: START - 99, exp: START - 60 }, keys.issuer);
const curved = await mint(CLAIMS['tokenx-user'], keys.ec);
const forged = await mint(CLAIMS['tokenx-user'], keys.stranger);

const REALM = 'realm="fleet"';
const METADATA = 'resource_metadata="https://api.example/.well-known/oauth-protected-resource"';
const OPTIONS = { realm: 'fleet', resourceMetadata: 'https://api.example/.well-known/oauth-protected-resource' };

interface Row {
  readonly what: string;
  readonly ask: Question;
  readonly status: number;
  /** What stands between realm and metadata. */
  readonly challenge: string;
}

const INVALID = 'error="invalid_token", error_description="the token is invalid"';
const HIGHER = 'error="insufficient_user_authentication", acr_values=';
const ROWS: readonly Row[] = [
  { what: 'no credentials', ask: { path: '/any' }, status: 401, challenge: '' },
  { what: 'another scheme', ask: { path: '/any', authorization: 'Basic eDp5' }, status: 401, challenge: '' },
  {
    what: 'a scheme that begins alike',
    ask: { path: '/any', authorization: `Bearers ${user}` },
    status: 401,
    challenge: '',
  },
  { what: 'a token in the query', ask: { path: `/any?access_token=${user}` }, status: 401, challenge: '' },
  { what: 'a token in the body', ask: { path: '/any', form: `access_token=${user}` }, status: 401, challenge: '' },
  { what: 'a token in a cookie', ask: { path: '/any', cookie: `access_token=${user}` }, status: 401, challenge: '' },
  ...[
    'Bearer',
    'Bearer a b',
    `Bearer ${user},`,
    `Bearer ${user}, Bearer ${user}`,
    `Bearer "${user}"`,
    [`Bearer ${user}`, `Bearer ${user}`],
    ['Basic eDp5', `Bearer ${user}`],
    `Basic eDp5, bearer ${user}`,
  ].map((authorization, at) => ({
    what: `ill-formed ${at}`,
    ask: { path: '/any', authorization },
    status: 400,
    challenge: 'error="invalid_request"',
  })),
  { what: 'not a token', ask: { path: '/any', authorization: 'Bearer x' }, status: 401, challenge: INVALID },
  { what: 'spoilt', ask: { path: '/any', authorization: `Bearer ${user}x` }, status: 401, challenge: INVALID },
  { what: 'forged', ask: { path: '/any', authorization: `Bearer ${forged}` }, status: 401, challenge: INVALID },
  {
    what: 'expired',
    ask: { path: '/any', authorization: `Bearer ${expired}` },
    status: 401,
    challenge: 'error="invalid_token", error_description="the token has expired"',
  },
  ...[machine, stranger].map((token) => ({
    what: 'refused by a guard',
    ask: { path: '/citizen', authorization: `Bearer ${token}` },
    status: 403,
    challenge: 'error="insufficient_scope"',
  })),
  {
    what: 'refused by a scope guard',
    ask: { path: '/scope', authorization: `Bearer ${user}` },
    status: 403,
    challenge: 'error="insufficient_scope", scope="fleet:write fleet:admin"',
  },
  ...['/high', '/nested/high'].map((path) => ({
    what: 'a level below high',
    ask: { path, authorization: `Bearer ${low}` },
    status: 401,
    challenge: `${HIGHER}"idporten-loa-high"`,
  })),
  {
    what: 'a level below substantial',
    ask: { path: '/substantial', authorization: `Bearer ${weak}` },
    status: 401,
    challenge: `${HIGHER}"idporten-loa-substantial"`,
  },
  {
    what: 'refused by the outer guard',
    ask: { path: '/nested/high', authorization: `Bearer ${machine}` },
    status: 403,
    challenge: 'error="insufficient_scope"',
  },
];

/** What has to be the same whichever framework answers. */
function compared({ status, headers, body }: Answer): object {
  const names = ['www-authenticate', 'cache-control', 'content-type', 'retry-after'];
  return { status, headers: names.map((name) => headers[name]), body };
}

test('L15 error-semantics: each row of 5.3 through five adapters, with equal answers', async (t) => {
  const { auth } = makeAuth(t, keys, { explain: false });
  const apps = await startApps(t, auth, OPTIONS);
  for (const { what, ask, status, challenge } of ROWS) {
    const answers = await Promise.all(apps.map(async ({ name, ask: send }) => ({ name, answer: await send(ask) })));
    const parameters = [REALM, challenge, METADATA].filter((part) => part !== '').join(', ');
    for (const { name, answer } of answers) {
      const where = `${name}: ${what}`;
      const { error, error_description: description, ...others } = JSON.parse(answer.body) as Record<string, unknown>;
      assert.deepEqual(
        compared(answer),
        {
          status,
          headers: [`Bearer ${parameters}`, 'no-store', 'application/json', undefined],
          body: answers[0]?.answer.body,
        },
        where,
      );
      assert.deepEqual([typeof error, typeof description, others], ['string', 'string', {}], where);
      assert.ok(challenge === '' || challenge.includes(`error="${String(error)}"`), where);
      assert.ok(!JSON.stringify(answer).includes('eyJ'), where);
    }
  }
});

test('without options a challenge is the scheme alone (RFC 6750 3.1)', async (t) => {
  const { auth } = makeAuth(t, keys, { explain: false });
  for (const { name, ask } of await startApps(t, auth)) {
    assert.equal((await ask({ path: '/any' })).headers['www-authenticate'], 'Bearer', name);
  }
});

test('a good token passes in any case of the scheme, and once verified is judged by a nested guard too', async (t) => {
  const { auth, events } = makeAuth(t, keys);
  for (const { name, ask } of await startApps(t, auth)) {
    for (const [path, authorization] of [
      ['/any', `bearer ${user}`],
      ['/citizen', `BEARER  ${user}`],
      ['/nested/high', `bEaReR ${user}`],
    ] as const) {
      events.length = 0;
      const { status, body } = await ask({ path, authorization });
      assert.deepEqual([status, body], [200, '{"id":"s"}'], `${name} ${path}`);
      assert.deepEqual(events.filter(({ event }) => event === 'token.accepted').length, 1, `${name} ${path}`);
    }
  }
});

test('L15 error-semantics: keys that cannot be had are 503 with Retry-After and without a challenge', async (t) => {
  const { auth, net } = makeAuth(t, keys, { explain: false });
  net.down = true;
  const apps = await startApps(t, auth, OPTIONS);
  for (const { name, ask } of apps) {
    const answer = await ask({ path: '/any', authorization: `Bearer ${user}` });
    assert.deepEqual(
      compared(answer),
      {
        status: 503,
        headers: [undefined, 'no-store', 'application/json', '5'],
        body: '{"error":"temporarily_unavailable","error_description":"the keys of the issuer cannot be fetched at the moment"}',
      },
      name,
    );
  }
});

test("L15 error-semantics: what a handler throws is the framework's to answer, never a refusal", async (t) => {
  const { auth } = makeAuth(t, keys);
  const refused: AuthError[] = [];
  for (const { name, ask } of await startApps(t, auth, { onRefused: (error) => refused.push(error) })) {
    const answer = await ask({ path: '/fails', authorization: `Bearer ${user}` });
    assert.deepEqual([answer.status, answer.headers['www-authenticate']], [500, undefined], name);
  }
  assert.deepEqual(refused, []);
});

test('onRefused hears of each refusal, and what it throws changes no answer', async (t) => {
  const { auth } = makeAuth(t, keys, { explain: false });
  const refused: string[] = [];
  const onRefused = ({ code }: AuthError): void => {
    refused.push(code);
    throw new Error('a bug of the application');
  };
  const apps = await startApps(t, auth, { onRefused });
  for (const { name, ask } of apps) {
    assert.equal((await ask({ path: '/citizen', authorization: `Bearer ${machine}` })).status, 403, name);
  }
  assert.deepEqual(
    refused,
    apps.map(() => 'wrong_kind'),
  );
});

test('explain adds what was expected and the manifest line, but never in production', async (t) => {
  const rows: readonly [question: Question, told: RegExp][] = [
    [{ path: '/high', authorization: `Bearer ${low}` }, /idporten-loa-high.*Level3.*spec\.login\.level/],
    [{ path: '/citizen', authorization: `Bearer ${stranger}` }, /local:fleet:nobody.*spec\.accessPolicy\.inbound/],
    [{ path: '/any', authorization: `Bearer ${expired}` }, /\d{10}/],
    [{ path: '/any', authorization: `Bearer ${forged}` }, /signature/],
    [{ path: '/any', authorization: `Bearer ${curved}` }, /expected RS256.*got ES256.*FULLMAKT_ISSUERS/],
  ];
  for (const mode of ['development', 'production']) {
    const { auth } = makeAuth(t, keys, { env: { ...ENV, NODE_ENV: mode }, explain: true });
    for (const { name, ask } of await startApps(t, auth)) {
      for (const [question, told] of rows) {
        const { body, headers } = await ask(question);
        const where = `${name} ${mode} ${question.path}: ${body}`;
        assert.equal(told.test(body), mode === 'development', where);
        assert.equal(told.test(headers['www-authenticate'] ?? ''), mode === 'development', where);
        assert.ok(!body.includes('eyJ') && !(headers['www-authenticate'] ?? '').includes('eyJ'), where);
      }
    }
  }
});
