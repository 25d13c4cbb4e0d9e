import assert from 'node:assert/strict';
import test from 'node:test';
import * as otel from '@opentelemetry/api';
import { StackContextManager } from '@opentelemetry/sdk-trace';
import { anyPrincipal, requireScope } from './index.ts';
import type { SdkEvent } from './index.ts';
import { collectMetrics, collectSpans } from './telemetry/testing/collectors.ts';
import { createTestIssuer } from './testing.ts';
import { makeAuth } from './testing/auth.ts';
import { CLAIMS, keyFetch, makeKeys, mint, START } from './testing/fixtures.ts';
import { tokensFromEnv } from './tokens.ts';
import type { Tokens } from './tokens.ts';

const keys = await makeKeys();
const user = await mint(CLAIMS['tokenx-user'], keys.issuer);
const expired = await mint({ ...CLAIMS['tokenx-user'], iat: START - 99, exp: START - 60 }, keys.issuer);
const SIDECAR = {
  NAIS_TOKEN_ENDPOINT: 'http://127.0.0.1:7164/api/v1/token',
  NAIS_TOKEN_EXCHANGE_ENDPOINT: 'http://127.0.0.1:7164/api/v1/token/exchange',
};
const MACHINE = { provider: 'entra_id', target: 'local:fleet:register' } as const;

function angry(): never {
  throw new Error('telemetry failed');
}

interface Sidecar {
  answer: () => Response;
}

function startTokens(t: test.TestContext, options: object): { readonly tokens: Tokens; readonly sidecar: Sidecar } {
  const sidecar: Sidecar = {
    answer: () => Response.json({ access_token: 'secret', token_type: 'Bearer', expires_in: 3600 }),
  };
  const fetch = async (): Promise<Response> => sidecar.answer();
  const tokens = tokensFromEnv({ env: SIDECAR, fetch, clock: () => START, ...options });
  t.after(() => {
    tokens.close();
  });
  return { tokens, sidecar };
}

test('each validation is a span with its outcome, and what only a server lacked is its failure (5.4)', async (t) => {
  const { trace, spans } = collectSpans();
  const { auth, net } = makeAuth(t, keys, { telemetry: { trace } });
  net.down = true;
  await auth.validate(user);
  net.down = false;
  const later = makeAuth(t, keys, { telemetry: { trace } });
  await later.auth.authenticate({ headers: { authorization: `Bearer ${user}` } }, anyPrincipal);
  later.auth.validateSync(expired);
  await assert.rejects(later.auth.validateOrThrow(expired));
  const refused = { name: 'validate', attributes: { 'fullmakt.outcome': 'token_expired' }, failed: false };
  assert.deepEqual(spans(), [
    { name: 'validate', attributes: { 'fullmakt.outcome': 'keys_unavailable' }, failed: true },
    {
      name: 'validate',
      attributes: { 'fullmakt.provider': 'tokenx', 'fullmakt.kind': 'user', 'fullmakt.outcome': 'accepted' },
      failed: false,
    },
    refused,
    refused,
  ]);
});

test('each acquisition is a span with its target, and with the kind of its failure (5.4)', async (t) => {
  const { trace, spans } = collectSpans();
  const { tokens, sidecar } = startTokens(t, { telemetry: { trace } });
  await tokens.machineOrThrow(MACHINE);
  sidecar.answer = () => Response.json({ error: 'invalid_grant' }, { status: 400 });
  await tokens.onBehalfOf({ provider: 'tokenx', target: 'local:fleet:register', user });
  const target = { 'fullmakt.target': 'local:fleet:register' };
  assert.deepEqual(spans(), [
    {
      name: 'acquire',
      attributes: {
        'fullmakt.path': 'machine',
        'fullmakt.provider': 'entra_id',
        ...target,
        'fullmakt.outcome': 'success',
      },
      failed: false,
    },
    {
      name: 'acquire',
      attributes: {
        'fullmakt.path': 'exchange',
        'fullmakt.provider': 'tokenx',
        ...target,
        'fullmakt.outcome': 'reauth',
      },
      failed: true,
    },
  ]);
  assert.ok(!JSON.stringify(spans()).includes('secret') && !JSON.stringify(spans()).includes('eyJ'));
});

test('metrics have the names and labels of the sidecar, and hold no target and no token (5.4)', async (t) => {
  const { metrics, read } = collectMetrics();
  const { auth, clock } = makeAuth(t, keys, { telemetry: { metrics } });
  await auth.authenticate({ headers: { authorization: `Bearer ${user}` } }, requireScope('none'));
  await auth.validate(expired);
  clock.now += 7;
  const { tokens } = startTokens(t, { telemetry: { metrics } });
  await tokens.machineOrThrow(MACHINE);
  await tokens.machineOrThrow(MACHINE);
  const seen = read();
  const expected = {
    'fullmakt_sdk_requests_total{path="validate",provider="tokenx",outcome="accepted"}': 1,
    'fullmakt_sdk_requests_total{path="guard",provider="tokenx",outcome="scope_missing"}': 1,
    'fullmakt_sdk_requests_total{path="validate",outcome="token_expired"}': 1,
    'fullmakt_sdk_requests_total{path="machine",provider="entra_id",outcome="success"}': 2,
    'fullmakt_sdk_request_seconds_count{path="validate",outcome="accepted"}': 1,
    'fullmakt_sdk_request_seconds_count{path="machine",outcome="success"}': 2,
    'fullmakt_sdk_cache_total{path="machine",provider="entra_id",result="miss"}': 1,
    'fullmakt_sdk_cache_total{path="machine",provider="entra_id",result="hit"}': 1,
    'fullmakt_sdk_cache_entries{cache="tokens"}': 1,
    'fullmakt_sdk_jwks_total{issuer="tokenx",reason="first",outcome="success"}': 1,
    'fullmakt_sdk_jwks_keys{issuer="tokenx"}': 1,
    'fullmakt_sdk_jwks_age_seconds{issuer="tokenx"}': 7,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(seen[name], value, name);
  assert.ok(!JSON.stringify(seen).includes('register') && !JSON.stringify(seen).includes('eyJ'));
});

test('what is asked of a provider directly is measured attempt by attempt, with the state of its breaker (5.4)', async (t) => {
  const { metrics, read } = collectMetrics();
  const issuer = await createTestIssuer();
  const tokens = tokensFromEnv({ env: issuer.env, fetch: issuer.fetch, via: 'direct', telemetry: { metrics } });
  t.after(() => {
    tokens.close();
  });
  await tokens.machineOrThrow({ provider: 'maskinporten', target: issuer.env['MASKINPORTEN_SCOPES'] ?? '' });
  issuer.fail('error');
  const failed = await tokens.machine({ provider: 'entra_id', target: 'api://dev.team.app/.default' });
  assert.equal(failed.ok, false);
  const seen = read();
  const expected = {
    'fullmakt_sdk_upstream_seconds_count{provider="maskinporten",outcome="success"}': 1,
    'fullmakt_sdk_upstream_seconds_count{provider="entra_id",outcome="refused"}': 2,
    'fullmakt_sdk_requests_total{path="machine",provider="entra_id",outcome="transient"}': 1,
    'fullmakt_sdk_breaker_open{provider="entra_id"}': 0,
  };
  for (const [name, value] of Object.entries(expected))
    assert.equal(seen[name], value, `${name} ${JSON.stringify(seen)}`);
});

test('close ends the reading of gauges', (t) => {
  const { metrics, read } = collectMetrics();
  const { auth } = makeAuth(t, keys, { telemetry: { metrics } });
  const { tokens } = startTokens(t, { telemetry: { metrics } });
  assert.ok('fullmakt_sdk_cache_entries{cache="tokens"}' in read());
  auth.close();
  tokens.close();
  assert.deepEqual(read(), {});
});

test('the module itself is what is passed in: a span of the application is the parent of ours', async (t) => {
  const { trace, spans, children } = collectSpans();
  assert.ok(otel.trace.setGlobalTracerProvider(trace));
  assert.ok(otel.context.setGlobalContextManager(new StackContextManager().enable()));
  t.after(() => {
    otel.trace.disable();
    otel.context.disable();
  });
  const { auth } = makeAuth(t, keys, { telemetry: otel });
  const { ok } = await otel.trace.getTracer('app').startActiveSpan('request', async (span) => {
    const outcome = await auth.validate(user);
    span.end();
    return outcome;
  });
  assert.ok(ok);
  assert.deepEqual([spans().map(({ name }) => name), children()], [['validate', 'request'], ['validate']]);
});

test('a telemetry module or listener that throws, wherever it throws, changes nothing', async (t) => {
  const late = { setAttributes: angry, setStatus: angry, end: angry };
  const startActiveSpan = (_name: string, _options: object, work: (span: object) => void): never => {
    work(late);
    return angry();
  };
  const instrument = { add: angry, record: angry, addCallback: angry, removeCallback: angry };
  const make = (): object => instrument;
  const modules: object[] = [
    { trace: { getTracer: angry }, metrics: { getMeter: angry } },
    { trace: { getTracer: () => ({ startActiveSpan: angry }) }, metrics: { getMeter: () => undefined } },
    { trace: { getTracer: () => ({ startActiveSpan }) } },
    { trace: { getTracer: () => ({ startActiveSpan: () => {} }) } },
    { metrics: { getMeter: () => ({ createCounter: angry, createHistogram: angry, createObservableGauge: angry }) } },
    { metrics: { getMeter: () => ({ createCounter: make, createHistogram: make, createObservableGauge: make }) } },
    {},
  ];
  for (const telemetry of modules) {
    const { auth } = makeAuth(t, keys, { telemetry, onEvent: angry });
    const headers = { authorization: `Bearer ${user}` };
    assert.ok((await auth.authenticate({ headers }, anyPrincipal)).ok);
    const refused = await auth.validate(expired);
    assert.equal(!refused.ok && refused.error.code, 'token_expired');
    assert.equal(auth.validateSync(user).ok, true);
    const { tokens } = startTokens(t, { telemetry, onEvent: angry });
    assert.equal((await tokens.machineOrThrow(MACHINE)).token.reveal(), 'secret');
    const none = await tokens.onBehalfOf({ provider: 'tokenx', target: 'x', user, signal: AbortSignal.abort() });
    assert.equal(!none.ok && none.error.kind, 'aborted');
  }
});

test("a provider's clock that is far from ours is told of, and moves nothing (2.2)", async (t) => {
  const { metrics, read } = collectMetrics();
  const events: SdkEvent[] = [];
  const published = keyFetch(keys);
  const { auth } = makeAuth(t, keys, {
    telemetry: { metrics },
    onEvent: (event: SdkEvent) => events.push(event),
    fetch: async () => {
      const answer = await published.fetch('');
      answer.headers.set('date', new Date((START - 60) * 1000).toUTCString());
      return answer;
    },
  });
  assert.ok((await auth.validate(user)).ok);
  const skew = events.find((event) => event.event === 'clock.skew');
  assert.deepEqual(skew, { event: 'clock.skew', provider: 'tokenx', seconds: 59 });
  assert.equal(read()['fullmakt_sdk_clock_skew_seconds{provider="tokenx"}'], 59);
});
