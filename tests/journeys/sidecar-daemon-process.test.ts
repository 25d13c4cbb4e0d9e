import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import { writeApp, startDaemon } from '../../src/sidecar/testing/daemon.ts';
import { mountVariables, temporaryFolder } from '../../src/sidecar/testing/folders.ts';
import { makeKeys, startProvider, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import { postJson } from '../post-json.ts';
import { freePort } from '../servers/free-port.ts';
import { until } from '../until.ts';
import { runSidecarCommand, startSidecarCommand } from '../servers/sidecar-command.ts';
import { assertInTime } from '../in-time.ts';

/* `fullmakt sidecar` as a process: folders of credentials, and folders of applications (sidecar-sdk.md 3.8). */

const keys = await makeKeys();
const next = await generatePrivateJwk('ES256', 'next-key');
const MACHINE = { identity_provider: 'entra_id', target: 'local:fleet:api', skip_cache: true };

const post = (origin: string): Promise<Response> => postJson(`${origin}/api/v1/token`, MACHINE);

/** Asks until it is so; a process of its own cannot be told what time it is. */
async function atLast(isSo: () => Promise<boolean>): Promise<void> {
  await until(() => isSo().catch(() => false), isSo.toString());
}

const kidOf = (form: URLSearchParams | undefined): string =>
  Buffer.from(form?.get('client_assertion')?.split('.')[0] ?? '', 'base64url').toString();

function withoutAddress(origin: string): Record<string, string> {
  const { BIND_ADDRESS: _, ...rest } = testEnv(origin, keys);
  return rest;
}

async function app(
  root: string,
  name: string,
  credentials: Record<string, string>,
): Promise<{ readonly origin: string; readonly folder: string }> {
  const origin = `http://127.9.0.1:${await freePort()}`;
  const folder = join(root, name);
  await writeApp(folder, { NAIS_TOKEN_ENDPOINT: `${origin}/api/v1/token` }, credentials);
  return { origin, folder };
}

test('SIGHUP reads credentials again, a watcher finds them too, and neither ends the process (3.8)', async (t) => {
  const provider = await startProvider(t, keys);
  const folder = join(temporaryFolder(t), 'secrets');
  const { AZURE_APP_JWK = '', ...env } = testEnv(provider.origin, keys);
  await mountVariables(folder, { AZURE_APP_JWK });
  const sidecar = await startSidecarCommand({ ...env, FULLMAKT_SIDECAR_SECRET_DIRS: folder });
  t.after(() => sidecar.stop());
  const signer = async (): Promise<string> => {
    assert.equal((await post(sidecar.origin)).status, 200);
    return kidOf(provider.forms.at(-1));
  };
  assert.match(await signer(), /client-key/);
  await mountVariables(folder, { AZURE_APP_JWK: JSON.stringify(next) });
  sidecar.child.kill('SIGHUP');
  await atLast(async () => /next-key/.test(await signer()));
  await mountVariables(folder, { AZURE_APP_JWK });
  await atLast(async () => /client-key/.test(await signer()));
  assert.equal(await sidecar.stop(), 0);
});

test('a daemon serves each app at its address, labels figures by app, follows its folders, and drains at the end (3.8)', async (t) => {
  const provider = await startProvider(t, keys);
  const root = temporaryFolder(t);
  const credentials = withoutAddress(provider.origin);
  const [one, two] = [await app(root, 'team-a/one', credentials), await app(root, 'team-b/two', credentials)];
  await app(root, 'team-c/broken', { AZURE_ENABLED: 'true' });
  const daemon = await startSidecarCommand({
    BIND_ADDRESS: '',
    FULLMAKT_SIDECAR_APPS_DIR: root,
    PROBE_BIND_ADDRESS: '127.0.0.1:0',
  });
  t.after(() => daemon.stop());
  assert.deepEqual(daemon.summary.apps, { served: ['team-a/one', 'team-b/two'], refused: ['team-c/broken'] });
  assert.equal((await post(one.origin)).status, 200);
  assert.equal((await post(two.origin)).status, 200);
  const figures = await (await fetch(`${daemon.probes}/metrics`)).text();
  for (const name of ['team-a/one', 'team-b/two']) {
    assert.match(figures, new RegExp(`^fullmakt_sidecar_requests_total\\{.*app="${name}".*\\} 1$`, 'm'));
    assert.match(figures, new RegExp(`^fullmakt_sidecar_cache_entries\\{.*app="${name}".*\\} 1$`, 'm'));
  }
  await until(() => /team-c\/broken.*AZURE_APP_/.test(daemon.said()), daemon.said);
  await rm(two.folder, { recursive: true });
  const late = await app(root, 'team-d/late', credentials);
  daemon.child.kill('SIGHUP');
  await atLast(async () => (await post(late.origin)).status === 200);
  await assert.rejects(post(two.origin));
  assert.equal((await post(one.origin)).status, 200);
  // Names that come and go, as those of previews do, must not fill up what figures may hold.
  await atLast(async () => !(await (await fetch(`${daemon.probes}/metrics`)).text()).includes('app="team-b/two"'));
  assert.match(await (await fetch(`${daemon.probes}/metrics`)).text(), /requests_total\{.*app="team-a\/one".*\} 2$/m);
  assert.equal(await daemon.stop(), 0);
  assert.doesNotMatch(daemon.said() + figures, /"d":|client_assertion|token-1/);
});

test('a daemon is told nothing of one application, and folders are named whole (3.8)', async (t) => {
  const root = temporaryFolder(t);
  const env = { FULLMAKT_SIDECAR_APPS_DIR: root, BIND_ADDRESS: '127.0.0.1:0', AZURE_ENABLED: 'true' };
  const checked = await runSidecarCommand(['--check'], env);
  assert.equal(checked.code, 78);
  for (const name of ['BIND_ADDRESS', 'AZURE_ENABLED']) assert.match(checked.stderr, new RegExp(`${name} is of one`));
  const relative = await runSidecarCommand(['--check'], { FULLMAKT_SIDECAR_SECRET_DIRS: 'a:b' });
  assert.match(relative.stderr, /FULLMAKT_SIDECAR_SECRET_DIRS .*absolute path/);
  const missing = await runSidecarCommand(['--check'], { FULLMAKT_SIDECAR_SECRET_DIRS: join(root, 'no') });
  assert.equal(missing.code, 78);
  assert.match(missing.stderr, /no cannot be read/);
});

test('two hundred apps are served soon after the start, and share the keys of their issuers (3.8)', async (t) => {
  const APPS = 200;
  const provider = await startProvider(t, keys);
  const root = temporaryFolder(t);
  const credentials = withoutAddress(provider.origin);
  const { AZURE_APP_JWK = '', ...open } = credentials;
  // Addresses of their own: from those no connection of this machine goes out and takes the port first.
  const port = await freePort();
  const origins = Array.from({ length: APPS }, (_, at) => `http://127.7.0.${at + 1}:${port}`);
  await Promise.all(
    origins.map((origin, at) => {
      const own = { AZURE_APP_CLIENT_ID: `client-${at}`, NAIS_TOKEN_ENDPOINT: `${origin}/api/v1/token` };
      return writeApp(join(root, `team-${at % 10}/app-${at}`), { ...open, ...own }, { AZURE_APP_JWK });
    }),
  );
  const started = performance.now();
  const daemon = await startDaemon(t, root);
  const seconds = (performance.now() - started) / 1000;
  assert.equal(daemon.daemon.apps.hosted.size, APPS);
  assertInTime(seconds * 1000, 5000, 'the start');
  const before = performance.now();
  await daemon.daemon.readAgain();
  assertInTime(performance.now() - before, 3000, 'reading what has not changed');
  const answers = await Promise.all(origins.map(post));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(new Set(provider.forms.map((form) => form.get('client_id'))).size, APPS);
  assert.equal(daemon.fetched.filter((url) => url.endsWith('/jwks')).length, 4);
  t.diagnostic(`${APPS} applications in ${seconds.toFixed(2)} s`);
});
