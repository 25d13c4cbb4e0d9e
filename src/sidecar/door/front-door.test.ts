import assert from 'node:assert/strict';
import { request as rawRequest } from 'node:http';
import test from 'node:test';
import { BodyTooLarge } from '../../web/http.ts';
import type { HttpResponse } from '../../web/http.ts';
import { BodyAborted } from '../../web/read-whole.ts';
import { fakeRequest } from '../../web/testing/fake-request.ts';
import { readSettings } from '../../settings.ts';
import { serve } from '../../web/serve.ts';
import { createSidecar } from '../app.ts';
import { sidecarSettings } from '../config.ts';
import type { SidecarEvent } from '../events.ts';
import { isLoopback } from './front-door.ts';
import { answered } from './answered.ts';
import { createInFlight } from './in-flight.ts';
import { Undecodable } from '../wire/fields.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from '../testing/sidecar.ts';
import type { TestSidecar } from '../testing/sidecar.ts';

const keys = await makeKeys();

async function setup(t: test.TestContext, changes: Record<string, string> = {}): Promise<TestSidecar> {
  const provider = await startProvider(t, keys);
  return await startSidecar(t, { ...testEnv(provider.origin, keys), ...changes });
}

function statusWith(sidecar: TestSidecar, headers: Record<string, string>, method = 'POST'): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = rawRequest(`${sidecar.origin}/api/v1/token`, { method, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end('{}');
  });
}

test('L13: only loopback names pass as Host, and those that were allowed (3.6)', async (t) => {
  const sidecar = await setup(t, { FULLMAKT_SIDECAR_ALLOWED_HOSTS: 'sidecar.local' });
  const passing = ['127.0.0.1', 'localhost', 'LOCALHOST:1', '[::1]', '[::1]:7164', 'sidecar.local:80'];
  for (const host of passing) assert.equal(await statusWith(sidecar, { host }), 400, host);
  const refused = ['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io'];
  for (const host of refused) assert.equal(await statusWith(sidecar, { host }), 403, host);
});

test('L13: what a browser adds to a request refuses it, what Node adds does not (3.6)', async (t) => {
  const sidecar = await setup(t);
  assert.equal(await statusWith(sidecar, { origin: 'http://localhost:8080' }), 403);
  assert.equal(await statusWith(sidecar, { origin: 'null' }), 403);
  assert.equal(await statusWith(sidecar, { 'sec-fetch-site': 'same-origin' }), 403);
  assert.equal(await statusWith(sidecar, { 'sec-fetch-mode': 'cors' }), 400);
});

test('answers other methods with 405 and other paths with 404, both never stored (3.1)', async (t) => {
  const sidecar = await setup(t);
  for (const method of ['GET', 'PUT', 'OPTIONS', 'DELETE']) {
    const response = await fetch(`${sidecar.origin}/api/v1/token`, { method });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'POST');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(response.headers.get('access-control-allow-origin'), null);
  }
  const unknown = await sidecar.post('/tokens', {});
  assert.equal(unknown.status, 404);
  assert.equal(unknown.headers.get('cache-control'), 'no-store');
});

test('demands the header it was told to, and refuses forms when told JSON only (3.6)', async (t) => {
  const sidecar = await setup(t, { FULLMAKT_SIDECAR_REQUIRED_HEADER: 'X-Sidecar', FULLMAKT_SIDECAR_JSON_ONLY: 'true' });
  const body = { identity_provider: 'entra_id', target: 'x' };
  assert.equal((await sidecar.post('/token', body)).status, 403);
  assert.equal((await sidecar.post('/token', body, { 'x-sidecar': '1' })).status, 200);
  assert.equal((await sidecar.post('/token', new URLSearchParams(body), { 'x-sidecar': '1' })).status, 400);
});

test('every fault of decoding is 400 invalid_request (3.2)', async (t) => {
  const sidecar = await setup(t);
  const send = (type: string | undefined, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${sidecar.origin}/api/v1/token`, {
      method: 'POST',
      headers: { ...(type === undefined ? {} : { 'content-type': type }), ...headers },
      body: Buffer.from(body),
    });
  const form = 'application/x-www-form-urlencoded';
  const good = '{"identity_provider":"entra_id","target":"x"}';
  assert.equal((await send('application/json; charset=utf-8', good)).status, 200);
  assert.equal((await send(form, 'identity_provider=entra_id&target=')).status, 200);
  const faults: readonly [type: string | undefined, body: string, headers?: Record<string, string>][] = [
    [undefined, good],
    ['text/plain', good],
    ['Application/JSON', good],
    ['application/json', '{'],
    ['application/json', '[]'],
    ['application/json', '{"identity_provider":"entra_id","target":"x","target":"y"}'],
    ['application/json', '{"identity_provider":"entra_id"}'],
    ['application/json', '{"identity_provider":"entra_id","target":null}'],
    ['application/json', '{"identity_provider":"entra_id","target":1}'],
    ['application/json', '{"identity_provider":"entra_id","target":"x","skip_cache":"true"}'],
    ['application/json', '{"identity_provider":"maskinporten","target":"x","authorization_details":{}}'],
    ['application/json', '{"identity_provider":"maskinporten","target":"x","authorization_details":"null"}'],
    ['application/json', `{"identity_provider":"entra_id","target":"${'x'.repeat(65_536)}"}`],
    ['application/json', good, { 'content-encoding': 'gzip' }],
    [form, 'identity_provider=entra_id&target=x&target=y'],
    [form, 'identity_provider=entra_id&target=x&skip_cache=TRUE'],
    [form, `identity_provider=entra_id&target=x${'&a=b'.repeat(40)}`],
  ];
  for (const [type, body, headers] of faults) {
    const response = await send(type, body, headers);
    assert.equal(response.status, 400, `${type} ${body.slice(0, 80)}`);
    assert.equal(((await response.json()) as Record<string, string>)['error'], 'invalid_request');
  }
});

test('a stranger makes no label: a path nobody serves is counted as other, whatever refused it (security.md 4)', async (t) => {
  const sidecar = await setup(t);
  const headers = { origin: 'http://evil.example' };
  await fetch(`${sidecar.origin}/made-up`, { headers });
  await fetch(`${sidecar.origin}/made-up`);
  await sidecar.post('/token', {}, headers);
  const paths = sidecar.events.flatMap((event) => (event.event === 'sidecar.request' ? [event.path] : []));
  assert.deepEqual(paths, ['other', 'other', '/api/v1/token']);
});

test('only addresses count as loopback to listen on, not names that begin like one (3.6)', () => {
  for (const host of ['127.0.0.1', '127.8.9.10', 'localhost', '::1']) assert.equal(isLoopback(host), true, host);
  for (const host of ['127.evil.example', '127.', '0.0.0.0', '::', '', 'localhost.evil.example']) {
    assert.equal(isLoopback(host), false, host);
  }
});

test('a fault of ours is 500 without detail, never stored, counted and told (3.1, 3.4)', async (t) => {
  const provider = await startProvider(t, keys);
  const read = readSettings(sidecarSettings, testEnv(provider.origin, keys));
  assert.ok(read.ok);
  const told: string[] = [];
  const emit = (event: SidecarEvent): void => {
    told.push(event.event);
    if (event.event === 'sidecar.cache') throw new Error('disk full');
  };
  const program = await createSidecar(read.settings, { fetch, now: () => START, emit });
  t.after(() => program.close());
  const [spec] = program.listeners;
  assert.ok(spec !== undefined);
  const listener = await serve(spec);
  t.after(() => listener.close(0));
  const response = await fetch(`${listener.origin}/api/v1/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identity_provider: 'entra_id', target: 'x' }),
  });
  assert.equal(response.status, 500);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.equal(response.headers.get('pragma'), 'no-cache');
  assert.doesNotMatch(await response.text(), /disk/);
  assert.deepEqual(told.slice(-2), ['sidecar.bug', 'sidecar.request']);
});

test('over its limit of requests at once it answers 503 with Retry-After, and under it again serves (3.6)', async () => {
  const { promise, resolve } = Promise.withResolvers<HttpResponse>();
  const events: SidecarEvent[] = [];
  const door = { allowedHosts: 'any', loopback: false } as const;
  const handle = answered(() => promise, {
    door,
    inFlight: createInFlight(2),
    label: (path) => path,
    emit: (event) => void events.push(event),
  });
  const request = fakeRequest({ method: 'POST', headers: { host: 'a' } });
  const running = [handle(request), handle(request)];
  const refused = await handle(request);
  assert.equal(refused.status, 503);
  assert.equal(refused.headers?.['Retry-After'], '1');
  assert.equal(refused.headers?.['Cache-Control'], 'no-store');
  resolve({ status: 200 });
  await Promise.all(running);
  assert.equal((await handle(request)).status, 200);
  assert.equal(events.length, 4, 'each is told of');
});

test('whatever becomes of a request, its place is free again (3.6)', async () => {
  const failures = [new Undecodable('x'), new BodyTooLarge(1), new BodyAborted(), new Error('bug')];
  const inFlight = createInFlight(1);
  const statuses: (number | string)[] = [];
  for (const failure of failures) {
    const handle = answered(
      () => {
        throw failure;
      },
      { door: { allowedHosts: 'any', loopback: false }, inFlight, label: (path) => path, emit: () => {} },
    );
    const request = fakeRequest({ method: 'POST', headers: { host: 'a' } });
    // oxlint-disable-next-line no-await-in-loop -- one place
    statuses.push(
      await handle(request).then(
        ({ status }) => status,
        (error: Error) => error.name,
      ),
    );
  }
  assert.deepEqual(statuses, [400, 400, 'BodyAborted', 500]);
});
