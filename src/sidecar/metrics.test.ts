import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeBase64Url } from '../oauth/base64url.ts';
import { observing } from '../observe/testing/observing.ts';
import { readSettings } from '../settings.ts';
import { json, plain } from '../web/http.ts';
import { serve } from '../web/serve.ts';
import { createSidecar } from './app.ts';
import { sidecarSettings } from './config.ts';
import { sidecarEvents } from './events.ts';
import { makeKeys, START, startProvider, testEnv } from './testing/sidecar.ts';
import type { FakeProvider } from './testing/sidecar.ts';

const keys = await makeKeys();

interface World {
  readonly provider: FakeProvider;
  readonly clock: { now: number };
  readonly post: (path: string, body: object) => Promise<unknown>;
  readonly scrape: () => Promise<string>;
  readonly lines: readonly string[];
}

async function setup(t: test.TestContext): Promise<World> {
  const provider = await startProvider(t, keys);
  const read = readSettings(sidecarSettings, { ...testEnv(provider.origin, keys), PROBE_BIND_ADDRESS: '127.0.0.1:0' });
  assert.ok(read.ok);
  const clock = { now: START };
  const { observer, lines } = observing(t);
  const program = await createSidecar(read.settings, {
    fetch,
    now: () => clock.now,
    emit: observer.emitter('sidecar', sidecarEvents),
    metrics: () => observer.metrics(),
  });
  const [api, probes] = await Promise.all(program.listeners.map(serve));
  t.after(async () => {
    await Promise.all([api?.close(0), probes?.close(0)]);
    await program.close();
  });
  const post: World['post'] = async (path, body) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${api?.origin}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return await response.json().catch(() => undefined);
  };
  const scrape = async (): Promise<string> => await (await fetch(`${probes?.origin}/metrics`)).text();
  return { provider, clock, post, scrape, lines };
}

/** The value of a series; its labels in any order. */
function figure(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = text
    .split('\n')
    .find(
      (each) => new RegExp(`^fullmakt_sidecar_${name}[{ ]`).test(each) && wanted.every((part) => each.includes(part)),
    );
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
}

const ENTRA = { identity_provider: 'azuread', target: 'a' };
const TOKEN = '/api/v1/token';
const INTROSPECT = '/api/v1/introspect';

test('requests, cache and attempts are counted by endpoint, provider and outcome (3.9)', async (t) => {
  const { provider, post, scrape } = await setup(t);
  await post(TOKEN, ENTRA);
  await post(TOKEN, ENTRA);
  await post(TOKEN, { ...ENTRA, skip_cache: true });
  await post(TOKEN, { ...ENTRA, identity_provider: 'tokenx' });
  await post(TOKEN, { ...ENTRA, identity_provider: 'made-up' });
  await post('/made/up', ENTRA);
  provider.answer = () => plain(500, '');
  await post(TOKEN, { ...ENTRA, target: 'b' });
  provider.answer = () => json(400, { error: 'invalid_scope' });
  await post(TOKEN, { ...ENTRA, target: 'c' });
  const text = await scrape();
  const requests = (provider_: string, outcome: string, path = TOKEN): number | undefined =>
    figure(text, 'requests_total', { path, provider: provider_, outcome });
  assert.equal(requests('entra_id', 'success'), 3);
  assert.equal(requests('entra_id', 'failed'), 1);
  assert.equal(requests('entra_id', 'refused'), 1);
  assert.equal(requests('tokenx', 'refused'), 1);
  assert.equal(requests('', 'refused'), 1);
  assert.equal(requests('', 'refused', 'other'), 1);
  assert.ok(!text.includes('made-up') && !text.includes('azuread'));
  const cache = (result: string): number | undefined =>
    figure(text, 'cache_total', { path: TOKEN, provider: 'entra_id', result });
  assert.deepEqual([cache('hit'), cache('miss'), cache('skipped')], [1, 1, 1]);
  const attempts = (outcome: string): number | undefined =>
    figure(text, 'upstream_seconds_count', { provider: 'entra_id', outcome });
  assert.equal(attempts('success'), 2);
  assert.equal((attempts('refused') ?? 0) + (attempts('unreachable') ?? 0), 3);
  assert.equal(figure(text, 'request_seconds_count', { path: TOKEN, status: '200' }), 3);
  const bounds = [...text.matchAll(/request_seconds_bucket\{le="([^"]+)",path="\/api\/v1\/token",status="200"\}/g)];
  const expected = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 200, 300, 400, 500, 600, 700, 800, 900,
  ]
    .map((milliseconds) => milliseconds / 1000)
    .concat(1, 2, 5, 10);
  assert.deepEqual(
    bounds.map(([, bound]) => bound),
    [...expected.map(String), '+Inf'],
  );
});

test('gauges are what is true when they are read: entries, breaker, clocks, keys (3.9)', async (t) => {
  const { provider, clock, post, scrape } = await setup(t);
  const early = await scrape();
  assert.equal(figure(early, 'cache_entries', { cache: 'token' }), 0);
  assert.equal(figure(early, 'jwks_keys', { issuer: `${provider.origin}/tokenx` }), 0);
  assert.equal(figure(early, 'jwks_age_seconds'), undefined);
  assert.equal(figure(early, 'clock_skew_seconds'), undefined);
  await post(TOKEN, ENTRA);
  const token = await provider.mint({
    iss: `${provider.origin}/tokenx`,
    aud: 'local:fleet:api',
    iat: START,
    exp: START + 99,
  });
  await post(INTROSPECT, { identity_provider: 'tokenx', token });
  await post(INTROSPECT, { identity_provider: 'tokenx', token });
  clock.now += 30;
  const text = await scrape();
  assert.equal(figure(text, 'cache_entries', { cache: 'token' }), 1);
  assert.equal(figure(text, 'cache_entries', { cache: 'introspection' }), 1);
  assert.ok((figure(text, 'cache_bytes', { cache: 'token' }) ?? 0) > 0);
  assert.equal(figure(text, 'cache_total', { path: INTROSPECT, provider: 'tokenx', result: 'hit' }), 1);
  assert.equal(figure(text, 'jwks_keys', { issuer: `${provider.origin}/tokenx` }), 1);
  assert.equal(figure(text, 'jwks_age_seconds', { issuer: `${provider.origin}/tokenx` }), 30);
  const skew = figure(text, 'clock_skew_seconds', { provider: 'entra_id' });
  // The provider goes by the clock of the machine.
  assert.ok(skew !== undefined && Math.abs(START - Date.now() / 1000 - skew) < 30, String(skew));
  assert.equal(figure(text, 'breaker_open', { provider: 'entra_id' }), 0);
  provider.answer = () => plain(500, '');
  for (let round = 0; round < 3; round += 1) await post(TOKEN, { ...ENTRA, target: `b${round}` });
  const broken = await scrape();
  assert.equal(figure(broken, 'breaker_open', { provider: 'entra_id' }), 1);
  assert.equal(figure(broken, 'breaker_open', { provider: 'maskinporten' }), 0);
});

test('fetches of key sets are counted by issuer, cause and outcome, those that were not made too (3.9)', async (t) => {
  const { provider, clock, post, scrape } = await setup(t);
  const issuer = `${provider.origin}/idporten`;
  const ask = async (kid: string): Promise<void> => {
    const header = encodeBase64Url(JSON.stringify({ alg: 'RS256', kid }));
    await post(INTROSPECT, { identity_provider: 'idporten', token: `${header}.e30.AAAA` });
  };
  for (let at = 0; at < 10; at += 1) await ask(`unknown-${at}`);
  clock.now += 7;
  await ask('unknown');
  provider.keySet = () => plain(404, '');
  clock.now += 60;
  await ask('another');
  const text = await scrape();
  const count = (reason: string, outcome: string): number | undefined =>
    figure(text, 'jwks_total', { issuer, reason, outcome });
  assert.equal(count('first', 'success'), 1);
  assert.equal(count('unknown_kid', 'suppressed'), 10);
  assert.equal(count('unknown_kid', 'success'), 1);
  assert.equal(count('unknown_kid', 'failure'), 1);
});
