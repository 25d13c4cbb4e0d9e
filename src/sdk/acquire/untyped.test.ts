import assert from 'node:assert/strict';
import test from 'node:test';
import { createFetch } from '../fetch.ts';
import { AuthError, ConfigError } from '../index.ts';
import { createTestIssuer } from '../testing.ts';
import { AcquireError, tokensFromEnv } from '../tokens.ts';
import type { Tokens } from '../tokens.ts';

const issuer = await createTestIssuer();

function open(t: test.TestContext, via: 'direct' | 'sidecar'): Tokens {
  const env =
    via === 'direct'
      ? issuer.env
      : { NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:1/t', NAIS_TOKEN_EXCHANGE_ENDPOINT: 'http://127.0.0.1:1/x' };
  const tokens = tokensFromEnv({ env, via, fetch: issuer.fetch });
  t.after(() => {
    tokens.close();
  });
  return tokens;
}

test('what no compiler saw is refused as a request before anything is asked of anybody (5.4)', async (t) => {
  const target = 'test:team:other';
  for (const via of ['direct', 'sidecar'] as const) {
    const tokens = open(t, via);
    const before = issuer.requests.length;
    for (const request of [
      undefined,
      {},
      { provider: 'entra_id' },
      { provider: 'entra_id', target: '' },
      { provider: 'maskinporten', target: ['a', 'b'] },
    ]) {
      const outcome = await tokens.machine(request as never);
      assert.equal(!outcome.ok && outcome.error.kind, 'request', JSON.stringify(request));
      assert.match(outcome.ok ? '' : outcome.error.message, /`provider`|`target`/);
    }
    for (const user of [undefined, {}, { ok: true, principal: {} }, Promise.resolve('x'), { token: 'x' }, 5]) {
      const outcome = await tokens.onBehalfOf({ provider: 'tokenx', target, user } as never);
      assert.equal(!outcome.ok && outcome.error.kind, 'request');
      assert.match(outcome.ok ? '' : outcome.error.message, /the token of the user is missing/);
    }
    assert.equal((await tokens.onBehalfOf(undefined as never)).ok, false);
    assert.equal(issuer.requests.length, before);
  }
});

test('what would be passed over in a request is refused: a misspelt narrowing gives no broader token (5.4)', async (t) => {
  const tokens = open(t, 'direct');
  const before = issuer.requests.length;
  const machine = { provider: 'maskinporten', target: 'a:b' };
  for (const [request, told] of [
    [
      { ...machine, authorization_details: [{ type: 'x' }] },
      /authorization_details is not known; .*authorizationDetails/,
    ],
    [{ ...machine, skip_cache: true }, /skip_cache is not known; .*fresh/],
    [{ provider: 'entra_id', target: 'a', resource: 'https://api.example' }, /resource is not known/],
    [{ ...machine, signal: new AbortController() }, /`signal` has to be an AbortSignal/],
    [{ ...machine, signal: 1000 }, /`signal` has to be an AbortSignal/],
    [{ ...machine, resource: null }, /`resource` has to be a text/],
    [{ ...machine, resource: ['https://api.example'] }, /`resource` has to be a text/],
  ] as const) {
    const outcome = await tokens.machine(request as never);
    assert.equal(!outcome.ok && outcome.error.kind, 'request', JSON.stringify(request));
    assert.match(outcome.ok ? '' : outcome.error.message, told);
  }
  assert.equal(issuer.requests.length, before);
  await tokens.machine({ ...machine, user: undefined, resource: undefined, fresh: false } as never);
  assert.ok(issuer.requests.length > before, 'members that are undefined are no members');
});

test('a token that still has its scheme word is told apart from a bad one, before anything is asked of anybody (5.4)', async (t) => {
  for (const via of ['direct', 'sidecar'] as const) {
    const tokens = open(t, via);
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const user = `${scheme} ${issuer.mint('tokenx')}`;
      const outcome = await tokens.onBehalfOf({ provider: 'tokenx', target: 'test:team:other', user });
      assert.equal(!outcome.ok && outcome.error.kind, 'request');
      assert.match(outcome.ok ? '' : outcome.error.message, /begins with `Bearer`: hand over what follows it/);
    }
  }
});

test('options of tokensFromEnv that cannot work are found at start: a way there is not, a clock of milliseconds', () => {
  for (const [options, told] of [
    [{ via: 'sidcar' }, /via has to be auto, sidecar or direct/],
    [{ clock: Date.now }, /clock has to give seconds/],
    [{ fetch: 'fetch' }, /fetch has to be a function/],
    [{ timeout: 5 }, /timeout is not an option/],
  ] as const) {
    assert.throws(
      () => tokensFromEnv({ env: issuer.env, ...options } as never),
      (error) => error instanceof ConfigError && error.findings.length === 1 && told.test(error.message),
    );
  }
});

test('a rule of createFetch that gives no token is found when it is made, in words that say what would (5.4)', (t) => {
  const tokens = open(t, 'direct');
  const origins = ['https://register.example'];
  const target = 'test:team:other';
  const user = { as: 'user', provider: 'tokenx', target };
  for (const [given, options, told] of [
    [tokens, undefined, /the rule is missing/],
    [undefined, { origins, ...user }, /tokens is missing: it is what tokensFromEnv/],
    [{}, { origins, ...user }, /tokens is missing: it is what tokensFromEnv/],
    [tokens, { origins, ...user, as: 'usr' }, /`as` has to be machine or user/],
    [tokens, { origins, provider: 'tokenx', target }, /`as` has to be machine or user/],
    [tokens, { origins, ...user, provider: 'idporten' }, /provider has to be entra_id or tokenx/],
    [tokens, { origins, ...user, target: '' }, /the rule names no target/],
    [tokens, { origins, as: 'machine' }, /the rule names no request/],
    [tokens, { origins, as: 'machine', request: { provider: 'tokenx', target } }, /has to be entra_id or maskinporten/],
    [tokens, { origins: origins[0], ...user }, /origins has to be a list/],
    [tokens, { ...user }, /origins has to be a list/],
    [tokens, { origins, ...user, timeout: 5 }, /timeout is not known; there are origins, fetch, as, provider, target/],
    [
      tokens,
      { origins, as: 'machine', request: { provider: 'entra_id', target }, target },
      /target is not known; there are origins, fetch, as, request/,
    ],
    [
      tokens,
      { origins, as: 'machine', request: { provider: 'entra_id', target, scope: 'x' } },
      /request: scope is not known/,
    ],
    [
      tokens,
      { origins, as: 'machine', request: { provider: 'entra_id', target, authorizationDetails: [{}] } },
      /request: authorizationDetails is not known/,
    ],
    [
      tokens,
      { origins: [new URL('https://register.example')], ...user },
      /an origin has to be a text, as https:\/\/host/,
    ],
    [tokens, { origins: ['register'], ...user }, /"register" is no origin, as https:\/\/host/],
  ] as const) {
    assert.throws(
      () => createFetch(given as never, options as never),
      (error) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.match(error.message, told);
        return true;
      },
    );
  }
  const request = { provider: 'entra_id', target, resource: undefined, scope: undefined };
  createFetch(tokens, { origins, as: 'machine', request, timeout: undefined } as never);
});

test('who stops waiting finds the reason of the signal behind the error, a deadline apart from an end', async (t) => {
  const tokens = open(t, 'direct');
  const reason = new DOMException('too late', 'TimeoutError');
  const signal = AbortSignal.abort(reason);
  const outcome = await tokens.machine({ provider: 'entra_id', target: 'api://a.b.c/.default', signal });
  assert.equal(!outcome.ok && outcome.error.kind, 'aborted');
  assert.equal(outcome.ok || outcome.error.cause, reason);
});

test('an error has no members for what is not known of it: logs show what there is', () => {
  assert.deepEqual(Object.keys(new AcquireError('transient', 'x')).toSorted(), ['kind', 'name']);
  assert.deepEqual(Object.keys(new AuthError('token_missing')).toSorted(), ['code', 'name', 'status']);
  assert.equal(new AuthError('keys_unavailable', { retryAfterSeconds: 5 }).retryAfterSeconds, 5);
});
