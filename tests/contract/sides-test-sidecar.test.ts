import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createTestIssuer, createTestSidecar, fakeClock } from '../../src/sdk/testing.ts';
import type { TestIssuer, TokenKind } from '../../src/sdk/testing.ts';
import { START, startSidecar } from '../../src/sidecar/testing/sidecar.ts';

/* The sidecar that applications test with and the one they run beside are asked the same, and answer the same. */

const ON = { AZURE_ENABLED: 'true', TOKEN_X_ENABLED: 'true', IDPORTEN_ENABLED: 'true', MASKINPORTEN_ENABLED: 'true' };
const HEADERS = ['content-type', 'cache-control', 'pragma', 'fullmakt-refusal', 'retry-after', 'allow'];

type Body = Readonly<Record<string, unknown>> | URLSearchParams | string;

interface Sides {
  readonly issuer: TestIssuer;
  /** What the test sidecar answered, once the sidecar answered the same; tokens apart, which are never the same. */
  readonly ask: (path: string, body: Body, headers?: Record<string, string>) => Promise<Record<string, unknown>>;
}

async function openSides(t: TestContext): Promise<Sides> {
  const issuer = await createTestIssuer({ clock: fakeClock(START), listen: true });
  t.after(() => issuer.close());
  const sidecar = await createTestSidecar(issuer);
  t.after(() => sidecar.close());
  const real = await startSidecar(t, { ...issuer.env, ...ON, BIND_ADDRESS: '127.0.0.1:0' });
  const origins = [new URL(sidecar.env['NAIS_TOKEN_ENDPOINT'] ?? '').origin, real.origin];
  return {
    issuer,
    ask: async (path, body, headers = {}) => {
      const [tested, running] = await Promise.all(origins.map((origin) => answerOf(`${origin}${path}`, body, headers)));
      assert.deepEqual(
        tested,
        running,
        `${path} ${JSON.stringify(body instanceof URLSearchParams ? [...body] : body)}`,
      );
      return tested ?? {};
    },
  };
}

async function answerOf(url: string, body: Body, headers: Record<string, string>): Promise<Record<string, unknown>> {
  const isForm = body instanceof URLSearchParams;
  const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  const sent = typeof body === 'string' ? body : isForm ? body.toString() : JSON.stringify(body);
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': type, ...headers }, body: sent });
  const { access_token: token, ...members } = Object(await answer.json());
  const shown = HEADERS.map((name) => [name, answer.headers.get(name)]).filter(([, value]) => value !== null);
  return { status: answer.status, ...Object.fromEntries(shown), hasToken: typeof token === 'string', body: members };
}

const MACHINE = '/api/v1/token';
const EXCHANGE = '/api/v1/token/exchange';
const INTROSPECT = '/api/v1/introspect';

test('sides-agree: both sidecars give tokens alike, and refuse in the same words and of the same kind (3.3, 3.4)', async (t) => {
  const { issuer, ask } = await openSides(t);
  const target = 'dev:team-b:register';
  const given = await ask(MACHINE, { identity_provider: 'azuread', target });
  assert.deepEqual([given['status'], given['hasToken']], [200, true]);
  await ask(MACHINE, new URLSearchParams({ identity_provider: 'maskinporten', target: 'a:b', skip_cache: 'true' }));
  const user = issuer.mint('idporten');
  await ask(EXCHANGE, { identity_provider: 'tokenx', target, user_token: user });
  for (const scope of ['api://x/read', ' ']) {
    const refused = await ask(MACHINE, { identity_provider: 'entra_id', target: scope });
    assert.deepEqual([refused['status'], refused['fullmakt-refusal']], [400, 'request'], scope);
  }
  const empty = await ask(MACHINE, { identity_provider: 'maskinporten', target: '' });
  assert.equal(empty['fullmakt-refusal'], 'request');
  const nowhere = await ask(EXCHANGE, { identity_provider: 'tokenx', target: 'register', user_token: user });
  assert.equal(nowhere['fullmakt-refusal'], 'policy');
  const stale = await ask(EXCHANGE, {
    identity_provider: 'entra_id',
    target,
    user_token: issuer.mint('entra-user', { expiresInSeconds: -60 }),
  });
  assert.equal(stale['fullmakt-refusal'], 'reauth');
  for (const kind of ['entra-machine', 'entra-id-token', 'tokenx'] as const) {
    await ask(EXCHANGE, { identity_provider: 'entra_id', target, user_token: issuer.mint(kind) });
    await ask(EXCHANGE, { identity_provider: 'tokenx', target: 'a:b:c', user_token: issuer.mint(kind) });
  }
  await ask(EXCHANGE, { identity_provider: 'tokenx', target, user_token: 'text' });
});

test('sides-agree: both sidecars refuse a request that is none in the same words (3.2, 3.3)', async (t) => {
  const { ask } = await openSides(t);
  const both = { identity_provider: 'tokenx', target: 'a:b:c', user_token: 'x' };
  for (const [path, body, headers] of [
    [MACHINE, { ...both }],
    [MACHINE, { ...both, identity_provider: 'idporten' }],
    [EXCHANGE, { ...both, identity_provider: 'idporten' }],
    [EXCHANGE, { ...both, identity_provider: 'maskinporten' }],
    ...[MACHINE, EXCHANGE, INTROSPECT].flatMap((each) => [
      [each, { ...both, token: 'x', identity_provider: 'other' }],
      [each, { target: 'x', token: 'x', user_token: 'x' }],
      [each, { identity_provider: 'entra_id' }],
      [each, { identity_provider: 7, target: 'x', token: 'x', user_token: 'x' }],
      [each, '[]'],
      [each, '{'],
      [each, '{"target":"a","target":"b"}'],
      [each, new URLSearchParams([...Object.entries(both), ['target', 'd:e:f']])],
      [each, 'x', { 'content-type': 'text/plain' }],
    ]),
    [EXCHANGE, { identity_provider: 'tokenx', target: 'a:b:c' }],
    [MACHINE, { identity_provider: 'entra_id', target: 'x', skip_cache: 'true' }],
    [MACHINE, new URLSearchParams({ identity_provider: 'entra_id', target: 'x', skip_cache: 'TRUE' })],
    [MACHINE, { identity_provider: 'maskinporten', target: 'x', authorization_details: {} }],
    [MACHINE, { identity_provider: 'maskinporten', target: 'x', authorization_details: '{' }],
    [MACHINE, { identity_provider: 'maskinporten', target: 'x', resource: 7 }],
  ] as readonly (readonly [string, Body, Record<string, string>?])[]) {
    const answer = await ask(path, body, headers);
    assert.equal(answer['status'], 400);
  }
});

test('sides-agree: both sidecars say of every token what is wrong with it, in the same words (2.2, 3.5)', async (t) => {
  const { issuer, ask } = await openSides(t);
  const texts = new Set<unknown>();
  const kinds: readonly (readonly [string, TokenKind])[] = [
    ['entra_id', 'entra-user'],
    ['entra_id', 'entra-machine'],
    ['tokenx', 'tokenx'],
    ['idporten', 'idporten'],
    ['maskinporten', 'maskinporten'],
  ];
  for (const [provider, kind] of kinds) {
    const good = issuer.mint(kind, { claims: { active: 'no', error: 'none', deep: { active: false } } });
    const answer = await ask(INTROSPECT, { identity_provider: provider, token: good });
    assert.equal(Object(answer['body']).active, true);
    for (const { token } of issuer.refusals(kind)) {
      const { body } = await ask(INTROSPECT, { identity_provider: provider, token });
      texts.add(Object(body).error);
    }
    await ask(INTROSPECT, { identity_provider: provider, token: issuer.mint('entra-id-token') });
  }
  assert.ok(texts.size > 10, [...texts].join('\n'));
});

test('sides-agree: with providers that are away both sidecars say so alike (3.4)', async (t) => {
  const { issuer, ask } = await openSides(t);
  for (const how of ['error', 'garbage'] as const) {
    issuer.fail(how);
    const answer = await ask(MACHINE, { identity_provider: 'entra_id', target: `api://${how}/.default` });
    assert.deepEqual([answer['status'], answer['fullmakt-refusal']], [500, 'transient']);
  }
  issuer.fail('down');
  const answer = await ask(MACHINE, { identity_provider: 'entra_id', target: 'api://down/.default' });
  assert.match(String(Object(answer['body']).error_description), /^Identity provider request failed: /);
});
