import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assert as check, asyncProperty, constantFrom, record } from 'fast-check';
import { generatePrivateJwk, publicJwk } from '../../oauth/jwk.ts';
import { CLIENT_ASSERTION_TYPE, GRANT } from '../../oauth/client-assertion.ts';
import type { App, Client, Grant } from '../../registry/model.ts';
import { administer, bearer, selfSigned } from '../testing/operators.ts';
import { FORM, IDP, ISSUER, createTestKeys, createWorld, testApp, testClient, testGrant } from '../testing/world.ts';
import { idportenClient } from '../testing/world.ts';
import type { Answer } from '../testing/world.ts';

const keys = await createTestKeys();
const chief = await generatePrivateJwk('RS256', 'chief-1');
const jwks = [publicJwk(keys.client)];

/** `off` is no client, `gone` is disabled, `picky` takes one issuer's users only, `batch` may ask for itself. */
const NAMES = ['web', 'api', 'off', 'gone', 'picky', 'batch', 'wild', 'selfish'];
const RULES: readonly Grant[] = [
  testGrant('web', 'api', ['read', 'write']),
  testGrant('batch', 'api', ['read']),
  testGrant('web', 'picky'),
  testGrant('batch', 'picky'),
  testGrant('web', 'off'),
  testGrant('web', 'gone'),
  testGrant('gone', 'api'),
  testGrant('off', 'api'),
  testGrant('*', 'wild', ['read']),
  testGrant('selfish', 'selfish'),
];

function appOf(name: string): App {
  const app = testApp(name, name === 'gone' ? { state: 'disabled' } : {});
  if (name !== 'picky') return app;
  return { ...app, spec: { ...app.spec, tokenx: { token: {}, subjectIssuers: ['other'] } } };
}

function clientOf(name: string): Client {
  const client = testClient(name, jwks);
  if (name !== 'batch') return client;
  return { ...client, registration: { provider: 'tokenx', token: {}, grantTypes: ['client_credentials'] } };
}

const world = await createWorld({
  keys,
  config: { operators: [selfSigned(chief)] },
  data: {
    apps: NAMES.map(appOf),
    clients: [...NAMES.filter((name) => name !== 'off').map(clientOf), idportenClient('web', 'login-client')],
    grants: RULES,
  },
});
after(() => world.close());

async function explained(question: unknown): Promise<Answer> {
  return administer(world, '/explain', { token: await bearer(world, chief), body: question });
}

const id = (name: string): string => `dev:fleet:${name}`;

test('V5: an allowed edge is explained by its rules, with every check and the scopes it would give', async () => {
  const question = { caller: id('web'), target: id('api'), subjectIssuer: IDP, scope: 'read' };
  const { status, body, headers } = await explained(question);
  assert.equal(status, 200);
  assert.equal(headers['cache-control'], 'no-store');
  assert.deepEqual(body, {
    decision: 'allow',
    reason: 'allowed',
    version: world.registry.snapshot().version,
    checks: [
      { step: 'grant', ok: true, seen: 'token-exchange' },
      { step: 'target', ok: true, seen: 'dev:fleet:api: active' },
      { step: 'target-provider', ok: true, seen: 'dev:fleet:api: TokenX client ready' },
      { step: 'caller', ok: true, seen: 'dev:fleet:web: active, TokenX client ready' },
      { step: 'rule', ok: true, seen: 'spec.accessPolicy.inbound.rules[0] in api.yaml:8' },
      { step: 'subject-issuer', ok: true, seen: `${IDP}: trusted` },
      { step: 'target-issuer', ok: true, seen: 'dev:fleet:api takes users of every trusted issuer' },
      { step: 'scope', ok: true, seen: 'granted: read write' },
    ],
    rules: [{ file: 'api.yaml', line: 8, column: 7, path: 'spec.accessPolicy.inbound.rules[0]' }],
    scopes: ['read'],
  });
});

test('V5: a denial stops at the check that failed, and shows the lines to add and where', async () => {
  const { body } = await explained({ caller: id('api'), target: id('web'), subjectIssuer: IDP });
  assert.deepEqual([body['decision'], body['reason'], body['rules']], ['deny', 'no-rule', []]);
  const checks: unknown = body['checks'];
  assert.ok(Array.isArray(checks));
  assert.deepEqual(checks.at(-1), { step: 'rule', ok: false, seen: 'none of 0 inbound rules names the caller' });
  assert.deepEqual(body['fix'], {
    app: id('web'),
    path: 'spec.accessPolicy.inbound.rules',
    add: '- application: api',
    file: 'web.yaml',
    line: 7,
  });
});

const DENIALS: readonly (readonly [string, object, string | undefined])[] = [
  ['target-unknown', { target: id('nobody') }, undefined],
  ['target-unknown', { target: 'no app id' }, undefined],
  ['target-disabled', { target: id('gone') }, undefined],
  ['target-provider-off', { target: id('off') }, 'enabled: true'],
  ['consumer-unknown', { caller: id('nobody') }, undefined],
  ['consumer-disabled', { caller: id('gone') }, undefined],
  ['consumer-provider-off', { caller: id('off') }, 'enabled: true'],
  ['no-rule', { caller: id('api'), target: id('api') }, '- application: api'],
  ['wildcard-network-only', { target: id('wild') }, '- application: web'],
  ['grant-not-allowed', { caller: id('batch') }, '- token-exchange'],
  ['grant-not-allowed', { grant: GRANT.clientCredentials }, '- token-exchange\n- client_credentials'],
  ['subject-issuer', { subjectIssuer: 'https://other.example.test' }, undefined],
  ['target-issuer', { target: id('picky') }, `- ${IDP}`],
  ['scope-unknown', { scope: 'read delete' }, '- delete'],
  ['scope-unknown', { scope: 'two  spaces"' }, undefined],
];

for (const [reason, change, add] of DENIALS) {
  test(`V5: ${reason} for ${JSON.stringify(change)}`, async () => {
    const { status, body, text } = await explained({
      caller: id('web'),
      target: id('api'),
      subjectIssuer: IDP,
      ...change,
    });
    assert.equal(status, 200, text);
    const fix: unknown = body['fix'];
    assert.deepEqual([body['decision'], body['reason']], ['deny', reason]);
    assert.equal(typeof fix === 'object' && fix !== null && 'add' in fix ? fix.add : undefined, add);
  });
}

test('V5: without a subject issuer the issuer is left out; our own counts as one', async () => {
  const withoutIssuer = await explained({ caller: id('web'), target: id('picky') });
  assert.equal(withoutIssuer.body['decision'], 'allow');
  const own = await explained({ caller: id('web'), target: id('api'), subjectIssuer: ISSUER });
  assert.equal(own.body['decision'], 'allow');
  const itself = await explained({ caller: id('batch'), target: id('picky'), grant: 'client_credentials' });
  assert.deepEqual([itself.body['decision'], itself.body['reason']], ['allow', 'allowed']);
});

test('V5: no token is needed, and none is accepted: the question has no place for one', async () => {
  const question = { caller: id('web'), target: id('api') };
  const bad: readonly object[] = [
    { ...question, subject_token: await world.subject() },
    { ...question, grant: 'password' },
    { caller: id('web') },
    { ...question, caller: '' },
    { ...question, scope: 5 },
    { ...question, target: 'x'.repeat(2000) },
  ];
  for (const body of bad) {
    const answer = await explained(body);
    assert.deepEqual([answer.status, answer.body['fm_reason']], [400, 'body-malformed'], JSON.stringify(body));
  }
  assert.equal((await explained(question)).status, 200);
});

test('T1, N20: an operator has rules explained to it that begin or end within its pattern, and no others', async (t) => {
  const narrow = await createWorld({
    keys,
    config: { operators: [selfSigned(chief, { clients: ['dev:other:*'], rights: ['explain'] })] },
  });
  t.after(() => narrow.close());
  const token = await bearer(narrow, chief);
  const ask = async (caller: string, target: string): Promise<Answer> =>
    administer(narrow, '/explain', { token, body: { caller, target } });
  assert.equal((await ask(id('web'), id('api'))).status, 403);
  assert.equal((await ask('dev:other:web', id('api'))).body['reason'], 'consumer-unknown');
  assert.equal((await ask(id('web'), 'dev:other:api')).body['reason'], 'target-unknown');
  assert.equal((await ask('prod:other:web', 'x')).status, 403);
});

interface Triple {
  readonly caller: string;
  readonly target: string;
  readonly issuer: string;
  readonly scope: string | undefined;
  readonly grant: 'token-exchange' | 'client_credentials';
}

const triples = record<Triple>({
  caller: constantFrom(...NAMES, 'nobody'),
  target: constantFrom(...NAMES, 'nobody'),
  issuer: constantFrom(IDP, IDP, IDP, 'https://other.example.test'),
  scope: constantFrom(undefined, undefined, 'read', 'write', 'read write', 'delete'),
  grant: constantFrom('token-exchange', 'token-exchange', 'client_credentials'),
});

function scopesIn({ scopes }: Answer['body']): string | undefined {
  return Array.isArray(scopes) ? scopes.join(' ') : undefined;
}

/** The same question to the token endpoint. */
async function asked({ caller, target, issuer, scope, grant }: Triple): Promise<Answer> {
  const common = {
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: await world.assertion({ claims: { iss: id(caller), sub: id(caller) } }),
    audience: id(target),
    ...(scope === undefined ? {} : { scope }),
  };
  if (grant === 'token-exchange') {
    return world.exchange({ ...common, subject_token: await world.subject({ claims: { iss: issuer } }) });
  }
  const body = new URLSearchParams({ ...common, grant_type: GRANT.clientCredentials });
  return world.send('POST', '/token', { headers: FORM, body: body.toString() });
}

test('X14, V5: explain says what the token endpoint does, for any caller, target, issuer, scope and grant', async () => {
  const property = asyncProperty(triples, async (triple) => {
    const { caller, target, issuer, scope, grant } = triple;
    const [{ body }, answer] = [
      await explained({
        caller: id(caller),
        target: id(target),
        subjectIssuer: issuer,
        grant,
        ...(scope && { scope }),
      }),
      await asked(triple),
    ];
    const given = answer.status === 200;
    assert.equal(body['decision'], given ? 'allow' : 'deny', answer.text);
    if (given) assert.equal(scopesIn(body), answer.body['scope']);
    const reason = answer.body['fm_reason'];
    // Who calls is proven first at the token endpoint, and what is wrong with the caller is told to nobody.
    if (!given && reason !== 'client-auth-failed') assert.equal(body['reason'], reason);
  });
  await check(property, { numRuns: 150 });
});
