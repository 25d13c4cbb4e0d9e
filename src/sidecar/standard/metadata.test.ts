import assert from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import test from 'node:test';
import { connect } from 'node:net';
import { json as readJson, text } from 'node:stream/consumers';
import { temporaryFolder } from '../testing/folders.ts';
import { makeKeys, startProvider, startSidecar, testEnv } from '../testing/sidecar.ts';
import { startStandard } from '../testing/standard.ts';
import { pathLabels } from '../api-routes.ts';

const keys = await makeKeys();
const WELL_KNOWN = '/.well-known/oauth-authorization-server/oauth2';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

test('each provider that is on is an authorization server of its own at this listener (3.7, RFC 8414 3.2)', async (t) => {
  const { sidecar, get } = await startStandard(t, keys);
  const { status, body } = await get(`${WELL_KNOWN}/entra_id`);
  const issuer = `${sidecar.origin}/oauth2/entra_id`;
  assert.equal(status, 200);
  assert.deepEqual(body, {
    issuer,
    token_endpoint: `${issuer}/token`,
    token_endpoint_auth_methods_supported: ['none'],
    introspection_endpoint: `${issuer}/introspect`,
    introspection_endpoint_auth_methods_supported: ['none'],
    grant_types_supported: ['client_credentials', EXCHANGE],
    response_types_supported: [],
  });
  const grants = async (name: string): Promise<unknown> =>
    (await get(`${WELL_KNOWN}/${name}`)).body['grant_types_supported'];
  assert.deepEqual(await grants('maskinporten'), ['client_credentials']);
  assert.deepEqual(await grants('tokenx'), [EXCHANGE]);
  assert.deepEqual(await grants('idporten'), []);
});

test('where nothing is given there is no token endpoint, where nothing is on no metadata (RFC 8414 2)', async (t) => {
  const { get, ask } = await startStandard(t, keys, { MASKINPORTEN_ENABLED: '' });
  assert.equal('token_endpoint' in (await get(`${WELL_KNOWN}/idporten`)).body, false);
  for (const name of ['maskinporten', 'nobody', 'azuread', '']) {
    const { status, text: body } = await get(`${WELL_KNOWN}/${name}`);
    assert.deepEqual([status, body], [404, ''], name);
  }
  const other = await ask(`${WELL_KNOWN}/entra_id`, {});
  assert.deepEqual([other.status, other.headers.get('allow')], [405, 'GET, HEAD']);
});

test('the base is how the caller came, as far as the front door lets in (3.6, 3.7)', async (t) => {
  const { sidecar } = await startStandard(t, keys, { FULLMAKT_SIDECAR_ALLOWED_HOSTS: 'tokens.example' });
  const { port } = new URL(sidecar.origin);
  const asked = async (host: string): Promise<string> => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.end(`GET ${WELL_KNOWN}/entra_id HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    return await text(socket);
  };
  const bases = [
    ['localhost:7', 'http://localhost:7'],
    ['LOCALHOST', 'http://localhost'],
    ['[::1]:80', 'http://[::1]'],
    ['tokens.example', 'http://tokens.example'],
  ] as const;
  for (const [host, base] of bases) assert.ok((await asked(host)).includes(`"issuer":"${base}/oauth2/entra_id"`), host);
  assert.match(await asked('localhost:99999'), /^HTTP\/1.1 400 /);
  assert.match(await asked('evil.example'), /^HTTP\/1.1 403 /);
});

test('at a socket it is http://localhost, whatever Host says (3.7)', async (t) => {
  const provider = await startProvider(t, keys);
  const socketPath = join(temporaryFolder(t), 's');
  await startSidecar(t, {
    ...testEnv(provider.origin, keys),
    BIND_ADDRESS: 'none',
    FULLMAKT_SIDECAR_SOCKET: socketPath,
  });
  const document = await new Promise((resolve, reject) => {
    const sent = request(
      { socketPath, path: `${WELL_KNOWN}/tokenx`, headers: { host: 'evil.example' } },
      (response) => {
        readJson(response).then(resolve, reject);
      },
    );
    sent.on('error', reject).end();
  });
  assert.equal((document as { issuer: string }).issuer, 'http://localhost/oauth2/tokenx');
});

test('labels of paths are those of the route table and one more, whatever is asked for (3.9)', () => {
  const label = pathLabels([{ path: '/a' }, { path: '/b/:x/c' }]);
  assert.deepEqual(['/a', '/b/1/c', '/b/2/c', '/b/:x/c', '/b/1/d', '/b/1/c/', '/', ''].map(label), [
    '/a',
    '/b/:x/c',
    '/b/:x/c',
    '/b/:x/c',
    'other',
    'other',
    'other',
    'other',
  ]);
});
