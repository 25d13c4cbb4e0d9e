import assert from 'node:assert/strict';
import { request as rawRequest } from 'node:http';
import test from 'node:test';
import { makeKeys, startProvider, startSidecar, testEnv } from './testing.ts';
import type { TestSidecar } from './testing.ts';

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
