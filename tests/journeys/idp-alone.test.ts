import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeJwt, SignJWT } from 'jose';
import * as openid from 'openid-client';
import { generatePrivateJwk, publicJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { createOutboundFetch, type OutboundFetch } from '../../src/web/outbound-fetch.ts';
import { localFetch } from '../local-fetch.ts';
import type { TestFetch } from '../local-fetch.ts';
import { cryptoKey } from '../strangers/keys.ts';
import { until } from '../until.ts';
import { type Alone, startAlone, startWith } from './idp-alone.ts';
import { root } from './platform.ts';

const PID = '01819090285';
const CALLBACK = 'http://localhost:3000/callback';
const SECRET = 'only-for-tests';
const APP = '00000000-0000-4000-8000-000000000abc';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

let folder: string;
let stateDir: string;
let clientsFile: string;
let jwk: PrivateJwk;
let alone: Alone;
let browse: TestFetch;
let outbound: OutboundFetch;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fullmakt-idp-alone-'));
  stateDir = join(folder, 'state');
  clientsFile = join(folder, 'own-clients.yaml');
  jwk = await generatePrivateJwk('RS256', 'feed-key');
  writeFileSync(clientsFile, clients(jwk));
  alone = await startAlone(['--dir', stateDir, '--clients', clientsFile]);
  browse = localFetch(alone.summary.ca.caFile);
  outbound = createOutboundFetch({ ca: readFileSync(alone.summary.ca.caFile, 'utf8') });
});
after(async () => {
  await alone.stop();
  await outbound.close();
  rmSync(folder, { recursive: true, force: true });
});

function clients(key: PrivateJwk): string {
  return `
idporten:
  - client_id: my-app
    token_endpoint_auth_method: client_secret_basic
    client_secret: ${SECRET}
    redirect_uris: [${CALLBACK}]
    scopes: [openid, profile]
entra:
  - appId: ${APP}
    displayName: my-service
    passwordCredentials: [{secretText: ${SECRET}}]
maskinporten:
  - client_id: feed
    scopes: ["demo:feed/read"]
    jwks: ${JSON.stringify({ keys: [publicJwk(key)] })}
`;
}

/** A run that is expected to end by itself. */
function fullmakt(args: readonly string[], env: Readonly<Record<string, string>> = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [join(root, 'src/main.ts'), 'idp', ...args], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { PATH: process.env['PATH'], ...env },
  });
}

function configuration(
  persona: string,
  clientId: string,
  authentication: openid.ClientAuth,
  algorithm: 'oidc' | 'oauth2' = 'oidc',
): Promise<openid.Configuration> {
  return openid.discovery(new URL(alone.issuer(persona)), clientId, undefined, authentication, {
    algorithm,
    execute: [openid.allowInsecureRequests],
    [openid.customFetch]: (url, init) => outbound.fetch(url, { ...init, body: init.body ?? null }),
  });
}

test('says where everything is, and that is where it is', () => {
  const { summary } = alone;
  assert.equal(summary.ready, true);
  assert.deepEqual(
    summary.personas.map(({ name }) => name),
    ['idporten', 'entra', 'maskinporten'],
  );
  assert.equal(summary.clientsFile, clientsFile);
  for (const file of [summary.peopleFile, summary.ca.caFile, summary.control.tokenFile]) {
    assert.ok(statSync(file).size > 0, file);
  }
  assert.equal(statSync(summary.keysDir).isDirectory(), true);
  assert.equal(statSync(stateDir).mode & 0o777, 0o700);
  assert.equal(statSync(summary.control.tokenFile).mode & 0o777, 0o600);
});

test('every metadata address it names answers with the issuer beside it, byte for byte', async () => {
  for (const { issuer, metadata } of alone.summary.personas) {
    const document: unknown = await (await browse(metadata)).json();
    assert.partialDeepStrictEqual(document, { issuer });
  }
});

test('openid-client signs a citizen in without a page, by login_hint', async () => {
  const config = await configuration('idporten', 'my-app', openid.ClientSecretBasic(SECRET));
  const checks = {
    pkceCodeVerifier: openid.randomPKCECodeVerifier(),
    expectedState: openid.randomState(),
    expectedNonce: openid.randomNonce(),
  };
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: 'openid profile',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    login_hint: `testid:${PID}_idporten-loa-high`,
  });
  const { status, headers } = await browse(url.href);
  assert.equal(status, 302);
  const tokens = await openid.authorizationCodeGrant(config, new URL(headers.get('location') ?? ''), checks);
  assert.partialDeepStrictEqual(tokens.claims(), { pid: PID, acr: 'idporten-loa-high', aud: 'my-app' });
});

test('client credentials with a secret at Entra ID', async () => {
  const config = await configuration('entra', APP, openid.ClientSecretPost(SECRET));
  const { access_token: token } = await openid.clientCredentialsGrant(config, { scope: `api://${APP}/.default` });
  assert.partialDeepStrictEqual(decodeJwt(token), { aud: APP, azp: APP, idtyp: 'app', iss: alone.issuer('entra') });
});

test('the JWT grant at Maskinporten', async () => {
  const config = await configuration('maskinporten', 'feed', () => {}, 'oauth2');
  const assertion = await new SignJWT({ scope: 'demo:feed/read' })
    .setProtectedHeader({ alg: 'RS256', kid: jwk.kid })
    .setIssuer('feed')
    .setAudience(alone.issuer('maskinporten'))
    .setIssuedAt()
    .setExpirationTime('60 s')
    .setJti(crypto.randomUUID())
    .sign(await cryptoKey(jwk));
  const tokens = await openid.genericGrantRequest(config, JWT_BEARER, { assertion });
  assert.equal(tokens.scope, 'demo:feed/read');
});

test('a client added by the control API is known at once', async () => {
  const { url, tokenFile } = alone.summary.control;
  const authorization = `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`;
  const added = await browse(`${url}/v1/entra/clients`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ displayName: 'late', passwordCredentials: [{ secretText: 'late-secret' }] }),
  });
  const { appId }: { appId: string } = JSON.parse(await added.text());
  assert.equal(added.status, 201);
  const config = await configuration('entra', appId, openid.ClientSecretPost('late-secret'));
  const { access_token: token } = await openid.clientCredentialsGrant(config, { scope: `api://${appId}/.default` });
  assert.equal(decodeJwt(token).aud, appId);
});

test('a refusal is told on standard error, in one line', async () => {
  const config = await configuration('entra', APP, openid.ClientSecretPost('wrong'));
  await assert.rejects(openid.clientCredentialsGrant(config, { scope: `api://${APP}/.default` }));
  const line = new RegExp(`^refused  entra .*${APP}.*7000215.*$`, 'm');
  await until(() => line.test(alone.notices()), alone.notices);
});

test('a program that took the lines of `idp env` believes the certificates', () => {
  const { stdout, status } = fullmakt(['env', '--dir', stateDir]);
  assert.equal(status, 0);
  const metadata = alone.summary.personas.find(({ name }) => name === 'entra')?.metadata ?? '';
  const script = `fetch(process.argv[1]).then((answer) => console.log(answer.status))`;
  const command = `eval "$1"; exec "$2" -e "$3" "$4"`;
  const asked = spawnSync('/bin/sh', ['-c', command, 'sh', stdout, process.execPath, script, metadata], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  assert.deepEqual([asked.stdout, asked.status], ['200\n', 0], asked.stderr);
  const document: unknown = JSON.parse(fullmakt(['env', '--json', '--dir', stateDir]).stdout);
  assert.partialDeepStrictEqual(document, { ...alone.summary.ca.variables, OIDCCABundlePath: alone.summary.ca.caFile });
});

test('a second start on the same folder names the process that has it; on the same ports the setting that moves them', () => {
  const same = fullmakt(['--dir', stateDir], alone.env);
  assert.equal(same.status, 4);
  assert.match(same.stderr, new RegExp(`another fullmakt idp \\(process ${alone.summary.pid}, since .*already runs`));
  const other = fullmakt(['--dir', join(folder, 'other')], alone.env);
  assert.equal(other.status, 4);
  assert.match(other.stderr, /port \d+ \([^)]+\) is already in use; set FULLMAKT_IDP_\w+_BIND to another one/);
});

test('safety: an address that others can reach is exit code 78, with the address and the flag', () => {
  const env = { ...alone.env, FULLMAKT_IDP_ENTRA_BIND: '0.0.0.0:0' };
  const { status, stderr, stdout } = fullmakt(['--dir', join(folder, 'unsafe')], env);
  assert.deepEqual([status, stdout], [78, '']);
  assert.match(stderr, /0\.0\.0\.0.*--allow-non-loopback/);
  assert.equal(stderr.trim().split('\n').length, 1, 'one sentence, no stack');
  assert.equal(existsSync(join(folder, 'unsafe')), false, 'nothing was made');
});

test('safety: the control API stays on loopback whatever the flag says', () => {
  const env = { ...alone.env, FULLMAKT_IDP_CONTROL_BIND: '0.0.0.0:0' };
  const { status, stderr } = fullmakt(['--dir', join(folder, 'unsafe'), '--allow-non-loopback'], env);
  assert.equal(status, 78);
  assert.match(stderr, /0\.0\.0\.0.*FULLMAKT_IDP_CONTROL_BIND/);
});

for (const issuer of [
  'https://login.example.com',
  'https://login.microsoftonline.com',
  'https://fullmakt-local.idporten.no',
]) {
  test(`safety: ${issuer} cannot be the origin of a local provider: exit code 78`, () => {
    const env = { ...alone.env, FULLMAKT_IDP_ENTRA_ORIGIN: issuer };
    const { status, stderr } = fullmakt(['--dir', join(folder, 'unsafe')], env);
    assert.equal(status, 78);
    assert.ok(stderr.includes(issuer), stderr);
  });
}

test('safety: with the flag it listens for a container network, under a marked name', async (t) => {
  const there = await startAlone(['--dir', join(folder, 'network'), '--only', 'idporten', '--allow-non-loopback'], {
    FULLMAKT_IDP_IDPORTEN_BIND: '0.0.0.0:0',
    FULLMAKT_IDP_IDPORTEN_ISSUER: 'http://fullmakt-local:7410',
  });
  t.after(() => there.stop());
  assert.equal(there.issuer('idporten'), 'http://fullmakt-local:7410');
  assert.deepEqual(await there.stop(), [0, null]);
});

test('a clients file that is not there stops the start and is named', () => {
  const missing = fullmakt(['--dir', join(folder, 'other'), '--clients', join(folder, 'none.yaml')], alone.env);
  assert.equal(missing.status, 78);
  assert.match(missing.stderr, /none\.yaml/);
});

test('the clients file that README shows is taken whole', async (t) => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, text = ''] = /```yaml\n(# clients\.yaml\n[\s\S]*?)```/.exec(readme) ?? [];
  const file = join(folder, 'clients.yaml');
  writeFileSync(join(folder, 'my-feed.jwks.json'), JSON.stringify({ keys: [publicJwk(jwk)] }));
  writeFileSync(file, text);
  const running = await startAlone(['--dir', join(folder, 'readme'), '--clients', file]);
  t.after(() => running.stop());
  const { url, tokenFile } = running.summary.control;
  const authorization = `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`;
  for (const persona of ['idporten', 'entra', 'maskinporten']) {
    const listed = await browse(`${url}/v1/${persona}/clients`, { headers: { authorization } });
    const { clients: known }: { clients: readonly unknown[] } = JSON.parse(await listed.text());
    assert.equal(known.length, 1, persona);
  }
  await running.stop('SIGINT');
  assert.match(running.notices(), /^[^\n]*SIGINT: stopping[^\n]*\n$/, 'nothing else was said');
});

test('a client that cannot be used is left out, with its line and field; the others are there', async (t) => {
  const file = join(folder, 'mistaken.yaml');
  writeFileSync(file, `${clients(jwk)}openid:\n  - client_id: typo\n    redirect_uri: [${CALLBACK}]\n`);
  const running = await startAlone(['--dir', join(folder, 'mistaken'), '--clients', file]);
  t.after(() => running.stop());
  const line =
    readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((text) => text.includes('redirect_uri: ')) + 1;
  const told = new RegExp(`^/.*\\.yaml:${line}: left out: openid\\.0\\.redirect_uri: `, 'm');
  await until(() => told.test(running.notices()), running.notices);
});

test('Ctrl-C ends it with exit code 0; the next start has the same keys, CA, people and control token', async (t) => {
  const dir = join(folder, 'again');
  const first = await startAlone(['--dir', dir]);
  t.after(() => first.stop());
  const known = await stateOf(first);
  assert.deepEqual(await first.stop('SIGINT'), [0, null]);
  assert.match(first.notices(), /SIGINT: stopping/);
  const second = await startWith(['--dir', dir], first.env);
  t.after(() => second.stop());
  assert.deepEqual(await stateOf(second), known);
  assert.deepEqual(await second.stop('SIGTERM'), [0, null]);
});

async function stateOf(running: Alone): Promise<readonly unknown[]> {
  const { peopleFile, ca, control } = running.summary;
  const fetchThere = localFetch(ca.caFile);
  const keySets = [
    `${running.issuer('idporten')}/jwks.json`,
    `${running.issuer('entra').replace(/\/v2\.0$/, '')}/discovery/v2.0/keys`,
    `${running.issuer('maskinporten')}jwk`,
  ];
  const documents = await Promise.all(keySets.map(async (url) => (await fetchThere(url)).text()));
  return [...documents, ...[peopleFile, ca.caFile, control.tokenFile].map((file) => readFileSync(file, 'utf8'))];
}
