import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { makeKeys, startProvider, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { publicJwk } from '../../src/oauth/jwk.ts';
import { json } from '../../src/web/http.ts';
import type { HttpRequest, HttpResponse } from '../../src/web/http.ts';
import { openListener } from '../../src/web/testing/raw-client.ts';
import { selfSigned } from '../../src/web/testing/self-signed.ts';
import { listen } from '../servers/listen.ts';
import { startSidecarCommand } from '../servers/sidecar-command.ts';
import type { SidecarCommandProcess } from '../servers/sidecar-command.ts';
import { postJson } from '../post-json.ts';
import { until } from '../until.ts';
import { assertInTime } from '../in-time.ts';

const HOST = 'provider.test';
const keys = await makeKeys();
const folder = mkdtempSync(join(tmpdir(), 'fullmakt-sidecar-network-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const ask = ({ origin }: SidecarCommandProcess, target: string): Promise<Response> =>
  postJson(`${origin}/api/v1/token`, { identity_provider: 'entra_id', target });

const handle = ({ path }: HttpRequest): HttpResponse =>
  path === '/jwks'
    ? json(200, { keys: [publicJwk(keys.issuerJwk)] })
    : json(200, { access_token: 'of-tls', token_type: 'Bearer', expires_in: 3600 });

/** A provider that speaks https under a name, and the file that makes it believed. */
async function startTlsProvider(
  t: TestContext,
  host: string,
): Promise<{ readonly port: string; readonly caFile: string }> {
  const tls = await selfSigned(host);
  const caFile = join(folder, `${host}.pem`);
  writeFileSync(caFile, tls.cert);
  const { origin } = await openListener(t, { tls, handle });
  return { port: new URL(origin).port, caFile };
}

/** A proxy that leads every name to this machine; it wants a user where one is given. */
async function startProxy(
  t: TestContext,
  user?: string,
): Promise<{ readonly port: number; readonly asked: string[]; readonly refused: string[] }> {
  const [asked, refused]: [string[], string[]] = [[], []];
  const server = createServer((_request, response) => response.writeHead(400).end());
  server.on('connect', (request, socket, head) => {
    const { url = '', headers } = request;
    socket.on('error', () => socket.destroy());
    const wanted = user === undefined ? undefined : `Basic ${Buffer.from(user).toString('base64')}`;
    if (headers['proxy-authorization'] !== wanted) {
      refused.push(url);
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    asked.push(url);
    const target = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy());
  });
  return { port: await listen(t, server), asked, refused };
}

function entraAt(origin: string): Record<string, string> {
  const { AZURE_ENABLED = '', AZURE_APP_CLIENT_ID = '', AZURE_APP_JWK = '' } = testEnv('', keys);
  return {
    AZURE_ENABLED,
    AZURE_APP_CLIENT_ID,
    AZURE_APP_JWK,
    AZURE_OPENID_CONFIG_ISSUER: `${origin}/entra`,
    AZURE_OPENID_CONFIG_JWKS_URI: `${origin}/jwks`,
    AZURE_OPENID_CONFIG_TOKEN_ENDPOINT: `${origin}/token`,
  };
}

test('4: NODE_EXTRA_CA_CERTS makes a local authority believed, and without it nobody is', async (t) => {
  const { port, caFile } = await startTlsProvider(t, 'localhost');
  const env = { ...entraAt(`https://localhost:${port}`), FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true' };
  const believing = await startSidecarCommand({ ...env, NODE_EXTRA_CA_CERTS: caFile });
  t.after(() => believing.stop());
  assert.equal((await ask(believing, 'x')).status, 200);
  const doubting = await startSidecarCommand(env);
  t.after(() => doubting.stop());
  assert.equal((await ask(doubting, 'x')).status, 500);
});

test('4: HTTPS_PROXY carries calls over https, with its user, and names are resolved there', async (t) => {
  const { port, caFile } = await startTlsProvider(t, HOST);
  const proxy = await startProxy(t, 'some one:p@ss');
  const env = { ...entraAt(`https://${HOST}:${port}`), NODE_EXTRA_CA_CERTS: caFile };
  const HTTPS_PROXY = `http://some%20one:p%40ss@127.0.0.1:${proxy.port}`;
  const sidecar = await startSidecarCommand({ ...env, HTTPS_PROXY });
  t.after(() => sidecar.stop());
  assert.equal((await ask(sidecar, 'x')).status, 200);
  assert.ok(proxy.asked.length >= 1 && proxy.asked.every((to) => to === `${HOST}:${port}`), proxy.asked.join());
  const shown = JSON.stringify(sidecar.summary.settings);
  assert.ok(!shown.includes('p%40ss') && shown.includes(`@127.0.0.1:${proxy.port}`), shown);
});

test('4: what NO_PROXY names, and this machine, is called without the proxy', async (t) => {
  const proxy = await startProxy(t);
  const HTTPS_PROXY = `http://127.0.0.1:${proxy.port}`;
  const named = await startTlsProvider(t, HOST);
  const direct = await startSidecarCommand({
    ...entraAt(`https://${HOST}:${named.port}`),
    NODE_EXTRA_CA_CERTS: named.caFile,
    HTTPS_PROXY,
    NO_PROXY: 'other.example,.test',
    TEXAS_HTTP_OVERALL_TIMEOUT_MILLIS: '1500',
  });
  t.after(() => direct.stop());
  // The name means nothing to this machine.
  assert.equal((await ask(direct, 'x')).status, 500);
  const local = await startTlsProvider(t, 'localhost');
  const near = await startSidecarCommand({
    ...entraAt(`https://localhost:${local.port}`),
    FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true',
    NODE_EXTRA_CA_CERTS: local.caFile,
    HTTPS_PROXY,
  });
  t.after(() => near.stop());
  assert.equal((await ask(near, 'x')).status, 200);
  assert.deepEqual([proxy.asked, proxy.refused], [[], []]);
});

test('3.3: TEXAS_HTTP_ variables change attempts and times; what cannot be read is a warning and the default', async (t) => {
  const provider = await startProvider(t, keys);
  let calls = 0;
  provider.answer = () => {
    calls += 1;
    return new Promise(() => undefined);
  };
  const sidecar = await startSidecarCommand({
    ...testEnv(provider.origin, keys),
    TEXAS_HTTP_READ_TIMEOUT_MILLIS: '300',
    TEXAS_HTTP_MAX_RETRIES: '2',
    TEXAS_HTTP_CONNECT_TIMEOUT_MILLIS: 'soon',
  });
  t.after(() => sidecar.stop());
  const told = /TEXAS_HTTP_CONNECT_TIMEOUT_MILLIS is not usable: the default holds, which is 2000/;
  await until(() => told.test(sidecar.said()), sidecar.said);
  const begun = performance.now();
  assert.equal((await ask(sidecar, 'x')).status, 500);
  assertInTime(performance.now() - begun, 1500);
  await until(() => calls >= 3);
  assert.equal(calls, 3);
});

test('3.3: TEXAS_HTTP_ variables whose times together are longer than any timer keep nobody from a token', async (t) => {
  const provider = await startProvider(t, keys);
  const sidecar = await startSidecarCommand({
    ...testEnv(provider.origin, keys),
    TEXAS_HTTP_OVERALL_TIMEOUT_MILLIS: '999999999',
    TEXAS_HTTP_MAX_RETRIES: '999999999',
  });
  t.after(() => sidecar.stop());
  assert.equal((await ask(sidecar, 'x')).status, 200);
});
