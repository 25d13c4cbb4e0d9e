import assert from 'node:assert/strict';
import test from 'node:test';
import { parseJwt } from '../oauth/jwt.ts';
import { readSettings } from '../settings.ts';
import { serve } from '../web/serve.ts';
import { rawExchange } from '../web/testing/raw-client.ts';
import { createSidecar } from './app.ts';
import { sidecarSettings } from './config.ts';
import { makeKeys, START, startProvider, startSidecar, testEnv } from './testing/sidecar.ts';

const keys = await makeKeys();
const EVIL = 'http://evil.example/token';

/** Everything a caller might hope to steer with, under every name it might have. */
const HOPES = {
  issuer: EVIL,
  iss: EVIL,
  url: EVIL,
  token_endpoint: EVIL,
  jwks_uri: EVIL,
  well_known_url: EVIL,
  client_id: 'somebody-else',
  client_assertion: 'mine',
  client_secret: 'mine',
  kid: 'other',
  key: 'other',
  tenant: 'other',
  timeout: 0,
  scope: 'other',
  grant_type: 'password',
  audience: 'other',
  headers: { Authorization: 'x' },
  redirect_uri: EVIL,
};

test('L13 localhost: no field of a request changes where it goes, as whom, or what it says (3.6)', async (t) => {
  const provider = await startProvider(t, keys);
  const read = readSettings(sidecarSettings, testEnv(provider.origin, keys));
  assert.ok(read.ok);
  const urls: string[] = [];
  const program = await createSidecar(read.settings, {
    fetch: (url, init) => {
      urls.push(url);
      return fetch(url, init);
    },
    now: () => START,
    emit: () => {},
  });
  const [spec] = program.listeners;
  assert.ok(spec !== undefined);
  const listener = await serve(spec);
  t.after(async () => {
    await listener.close(0);
    await program.close();
  });
  const requests = [
    ['token', { identity_provider: 'entra_id' }],
    ['token', { identity_provider: 'maskinporten' }],
    ['token/exchange', { identity_provider: 'entra_id' }],
    ['token/exchange', { identity_provider: 'tokenx' }],
    ['introspect', { identity_provider: 'idporten' }],
  ] as const;
  for (const [path, { identity_provider: name }] of requests) {
    const plain = { identity_provider: name, target: EVIL, user_token: 'u', token: 't' };
    const forms: Readonly<Record<string, string>>[] = [];
    for (const body of [
      { ...plain, skip_cache: true },
      { ...plain, skip_cache: true, ...HOPES },
    ]) {
      provider.forms.length = 0;
      await fetch(`${listener.origin}/api/v1/${path}?token_endpoint=${EVIL}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          forwarded: `host=evil.example`,
          'x-forwarded-host': 'evil.example',
        },
        body: JSON.stringify(body),
      });
      const [form] = provider.forms;
      forms.push(withoutTimes(Object.fromEntries(form ?? [])));
    }
    assert.deepEqual(forms[0], forms[1], path);
  }
  assert.deepEqual(new Set(urls), new Set([`${provider.origin}/token`]));
});

/** A form with what its assertion says in the place of the assertion, which differs each time. */
function withoutTimes(form: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(form).map(([name, value]) => {
      if (!value.startsWith('ey')) return [name, value];
      const { jti: _, ...claims } = parseJwt(value).claims;
      return [name, JSON.stringify(claims)];
    }),
  );
}

test('L13 localhost: nothing of one request is in the answer of another, however they are mixed (3.6)', async (t) => {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecar(t, testEnv(provider.origin, keys));
  provider.answer = (call) => {
    const form = provider.forms[call - 1];
    const token = `${form?.get('audience')}|${form?.get('subject_token')}`;
    return { status: 200, body: JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 600 }) };
  };
  const asked = Array.from({ length: 200 }, (_, at) => ({
    target: `t${at % 7}`,
    user: `u${at % 11}`,
    skip: at % 5 === 0,
  }));
  const answers = await Promise.all(
    asked.map(async ({ target, user, skip }) => {
      const body = { identity_provider: 'tokenx', target, user_token: user, skip_cache: skip };
      const response = await sidecar.post('/token/exchange', body, { cookie: 'a=b' });
      assert.equal(response.headers.get('set-cookie'), null);
      return ((await response.json()) as Record<string, unknown>)['access_token'];
    }),
  );
  assert.deepEqual(
    answers,
    asked.map(({ target, user }) => `${target}|${user}`),
  );
});

test('L13 localhost: answers that no endpoint made are never stored either, and hold nothing (3.1)', async (t) => {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecar(t, testEnv(provider.origin, keys));
  const { port } = new URL(sidecar.origin);
  const requests = [
    ['GET / HTTP/1.1\r\nHost: localhost\r\n', 404],
    ['GET /api/v1/token HTTP/1.1\r\nHost: localhost\r\n', 405],
    ['OPTIONS /api/v1/token HTTP/1.1\r\nHost: localhost\r\n', 405],
    ['TRACE /api/v1/token HTTP/1.1\r\nHost: localhost\r\n', 405],
    ['POST /api/v1/token HTTP/1.1\r\nHost: a\r\nHost: a\r\n', 400],
    ['POST /api/v1/token HTTP/1.1\r\n', 400],
    ['POST /api/v1/token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n', 400],
    [`POST /${'x'.repeat(9000)} HTTP/1.1\r\nHost: localhost\r\n`, 414],
    [`POST /api/v1/token HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(32 * 1024)}\r\n`, 431],
    [`POST /api/v1/token HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(64 * 1024)}\r\n`, 431],
    ['nonsense\r\n', 400],
  ] as const;
  for (const [head, status] of requests) {
    const answer = await rawExchange(t, Number(port), `${head}Connection: close\r\n\r\n`);
    const what = head.slice(0, 80);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), what);
    assert.match(answer, /\r\ncache-control: no-store\r\n/i, what);
    assert.match(answer, /\r\npragma: no-cache\r\n/i, what);
    assert.doesNotMatch(answer, /access-control/i, what);
    assert.match(answer, /\r\n\r\n$/, what);
  }
  assert.equal(provider.forms.length, 0);
});
