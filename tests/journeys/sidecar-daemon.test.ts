import assert from 'node:assert/strict';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { request as rawRequest } from 'node:http';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import { writeRunFolder, removeOtherRunFolders } from '../../src/registrar/sinks/run-folder.ts';
import { startDaemon, writeApp } from '../../src/sidecar/testing/daemon.ts';
import type { TestDaemon } from '../../src/sidecar/testing/daemon.ts';
import { temporaryFolder } from '../../src/sidecar/testing/folders.ts';
import { makeKeys, startProvider, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import type { FakeProvider } from '../../src/sidecar/testing/sidecar.ts';
import { json } from '../../src/web/http.ts';
import { freePort } from '../servers/free-port.ts';
import { until } from '../until.ts';

/* One sidecar for many applications (sidecar-sdk.md 3.8). */

const keys = await makeKeys();
const otherKey = await generatePrivateJwk('ES256', 'other-key');
const MACHINE = { identity_provider: 'entra_id', target: 'local:fleet:api' };

interface App {
  readonly name: string;
  readonly folder: string;
  readonly origin: string;
  readonly env: Readonly<Record<string, string>>;
  readonly credentials: Readonly<Record<string, string>>;
}

interface World {
  readonly root: string;
  readonly provider: FakeProvider;
  /** An application with clients of its own, not yet written. */
  plan(name: string, changes?: Readonly<Record<string, string>>): Promise<App>;
  start(env?: Readonly<Record<string, string>>): Promise<TestDaemon>;
}

async function world(t: TestContext): Promise<World> {
  const root = temporaryFolder(t);
  const provider = await startProvider(t, keys);
  let planned = 0;
  return {
    root,
    provider,
    start: (env) => startDaemon(t, root, env),
    async plan(name, changes = {}) {
      planned += 1;
      // Addresses of their own: from those no connection of this machine goes out and takes the port first.
      const origin = `http://127.8.0.${planned}:${await freePort()}`;
      const { BIND_ADDRESS: _, ...credentials } = testEnv(provider.origin, keys);
      const own = { AZURE_APP_CLIENT_ID: `entra-${name}`, TOKEN_X_CLIENT_ID: `local:${name.replace('/', ':')}` };
      const env = { BIND_ADDRESS: '0.0.0.0:8080', NAIS_TOKEN_ENDPOINT: `${origin}/api/v1/token` };
      return { name, origin, folder: join(root, name), env, credentials: { ...credentials, ...own, ...changes } };
    },
  };
}

const write = ({ folder, env, credentials }: App): Promise<void> => writeApp(folder, env, credentials);

async function written(it: World, name: string, changes?: Readonly<Record<string, string>>): Promise<App> {
  const app = await it.plan(name, changes);
  await write(app);
  return app;
}

function post(origin: string, path: string, body: object): Promise<Response> {
  return fetch(`${origin}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function tokenOf(app: App, more: object = {}): Promise<string> {
  const response = await post(app.origin, '/token', { ...MACHINE, ...more });
  const { access_token: token = '', error_description: fault = '' } = (await response.json()) as Record<string, string>;
  assert.equal(response.status, 200, fault);
  return token;
}

const isDown = (app: App): Promise<boolean> =>
  post(app.origin, '/token', MACHINE).then(
    () => false,
    () => true,
  );

function claimsOf(form: URLSearchParams | undefined): Record<string, unknown> {
  const [, claims = ''] = form?.get('client_assertion')?.split('.') ?? [];
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
}

const told = ({ events }: TestDaemon): readonly string[] =>
  events.flatMap((event) => (event.event === 'sidecar.app' ? [`${event.app} ${event.outcome}`] : []));

const problemOf = ({ events }: TestDaemon, name: string): string =>
  events.flatMap((each) => (each.event === 'sidecar.app' && each.app === name ? [each.problems ?? ''] : [])).at(-1) ??
  '';

test('S2 two apps and one target give two keys and two tokens: the listener alone decides who asks (8.1)', async (t) => {
  const it = await world(t);
  const one = await written(it, 'team-a/api');
  const two = await written(it, 'team-b/api', { AZURE_APP_JWK: JSON.stringify(otherKey) });
  await it.start();
  const tokens = [await tokenOf(one), await tokenOf(two)];
  assert.notEqual(tokens[0], tokens[1]);
  assert.deepEqual([await tokenOf(one), await tokenOf(two)], tokens, 'each has its own from the cache');
  assert.deepEqual(
    it.provider.forms.map((form) => form.get('client_id')),
    ['entra-team-a/api', 'entra-team-b/api'],
  );
  // No field, no header and no name of the host moves a request to the other application.
  const more = { client_id: 'entra-team-b/api', app: 'team-b/api', namespace: 'team-b', skip_cache: true };
  await tokenOf(one, more);
  const response = await fetch(`${one.origin}/api/v1/token?app=team-b/api`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-host': two.origin, 'x-app': 'team-b/api' },
    body: JSON.stringify({ ...MACHINE, skip_cache: true }),
  });
  assert.equal(response.status, 200);
  const [, , third, fourth] = it.provider.forms;
  assert.deepEqual([claimsOf(third)['iss'], claimsOf(fourth)['iss']], ['entra-team-a/api', 'entra-team-a/api']);
});

test('L13 the same client and the same target at two listeners are two entries of two caches (3.8)', async (t) => {
  const it = await world(t);
  const same = { AZURE_APP_CLIENT_ID: 'one-client' };
  const [one, two] = [await written(it, 'team-a/one', same), await written(it, 'team-a/two', same)];
  await it.start();
  assert.notEqual(await tokenOf(one), await tokenOf(two));
  assert.equal(it.provider.forms.length, 2);
});

test('keys of an issuer are fetched once for all apps; breakers are of each app (3.8)', async (t) => {
  const it = await world(t);
  const apps = [await written(it, 'a/one'), await written(it, 'a/two'), await written(it, 'b/three')];
  const daemon = await it.start();
  const introspect = async (app: App, aud: string | undefined): Promise<unknown> => {
    const times = { iat: daemon.clock.now, exp: daemon.clock.now + 60 };
    const token = await it.provider.mint({ iss: `${it.provider.origin}/entra`, aud, sub: 's', ...times });
    const response = await post(app.origin, '/introspect', { identity_provider: 'entra_id', token });
    return ((await response.json()) as Record<string, unknown>)['active'];
  };
  for (const app of apps) {
    assert.equal(await introspect(app, app.credentials['AZURE_APP_CLIENT_ID']), true);
    assert.equal(await introspect(app, 'entra-of-another'), false);
  }
  assert.equal(daemon.fetched.filter((url) => url.endsWith('/jwks')).length, 4, 'one for each of four issuers');
  const [one, two] = apps;
  assert.ok(one !== undefined && two !== undefined);
  it.provider.answer = () => json(503, {});
  for (let call = 0; call < 3; call += 1) await post(one.origin, '/token', MACHINE);
  const calls = it.provider.forms.length;
  await post(one.origin, '/token', MACHINE);
  assert.equal(it.provider.forms.length, calls, 'one pauses');
  it.provider.answer = () => json(200, { access_token: 'x', token_type: 'Bearer', expires_in: 600 });
  assert.equal(await tokenOf(two), 'x', 'and keeps nobody else from asking');
});

test('S2 entry added, changed, broken, removed: folders come and go without a restart (8.1)', async (t) => {
  const it = await world(t);
  const first = await written(it, 'team/first');
  const daemon = await it.start();
  const kept = await tokenOf(first);
  const second = await it.plan('team/second');
  await mkdir(second.folder, { recursive: true });
  await daemon.daemon.readAgain();
  assert.match(problemOf(daemon, 'team/second'), /env cannot be read/);
  await write(second);
  daemon.timers.fire(30_000);
  await until(async () => !(await isDown(second)));
  await tokenOf(second);
  // Changed: another key signs, cached tokens stay.
  await write({ ...second, credentials: { ...second.credentials, AZURE_APP_JWK: JSON.stringify(otherKey) } });
  await daemon.daemon.readAgain();
  await tokenOf(second, { target: 'other' });
  const [header = ''] = it.provider.forms.at(-1)?.get('client_assertion')?.split('.') ?? [];
  assert.match(Buffer.from(header, 'base64url').toString(), /other-key/);
  // Broken: as it was, and says so.
  await write({ ...second, credentials: { ...second.credentials, AZURE_APP_JWK: 'no key' } });
  await daemon.daemon.readAgain();
  const calls = it.provider.forms.length;
  await tokenOf(second, { target: 'other' });
  assert.equal(it.provider.forms.length, calls);
  const shown = (await daemon.readiness('?app=team/second')).body;
  assert.match(JSON.stringify(shown['reload']), /failure.*AZURE_APP_JWK/);
  assert.doesNotMatch(JSON.stringify(shown['reload']), /needs_restart/);
  assert.equal((await daemon.readiness()).status, 200);
  // Removed: its listener is gone, the other application has noticed nothing.
  await rm(second.folder, { recursive: true });
  await daemon.daemon.readAgain();
  await until(() => isDown(second));
  assert.equal(await tokenOf(first), kept);
  assert.deepEqual(told(daemon), [
    'team/first opened',
    'team/second refused',
    'team/second opened',
    'team/second closed',
  ]);
  assert.equal((await daemon.readiness('?app=team/second')).status, 404);
});

test('a bad folder stops nobody, in whichever way it is bad (3.8)', async (t) => {
  const it = await world(t);
  const good = await written(it, 'm/good');
  const bad: readonly [name: string, says: RegExp, change: (app: App) => App | Promise<App>][] = [
    ['a/no-key', /AZURE_APP_JWK is missing/, (app) => ({ ...app, credentials: { AZURE_ENABLED: 'true' } })],
    ['a/not-loopback', /NAIS_TOKEN_ENDPOINT is not/, (app) => withEndpoint(app, 'http://10.0.0.1:7164/api/v1/token')],
    ['a/any', /NAIS_TOKEN_ENDPOINT is not/, (app) => withEndpoint(app, 'http://0.0.0.0:7164/api/v1/token')],
    [
      'a/rebound',
      /NAIS_TOKEN_ENDPOINT is not/,
      (app) => withEndpoint(app, 'http://127.0.0.1.nip.io:7164/api/v1/token'),
    ],
    ['a/https', /NAIS_TOKEN_ENDPOINT is not/, (app) => withEndpoint(app, 'https://127.0.0.1:7164/api/v1/token')],
    ['a/no-port', /NAIS_TOKEN_ENDPOINT is not/, (app) => withEndpoint(app, 'http://127.0.0.1/api/v1/token')],
    ['a/socket', /FULLMAKT_SIDECAR_SOCKET/, (app) => ({ ...app, env: { FULLMAKT_SIDECAR_SOCKET: 'relative' } })],
    [
      'z/taken',
      /cannot be had/,
      async (app) => withEndpoint(app, `http://127.0.0.1:${await takenPort(t)}/api/v1/token`),
    ],
  ];
  for (const [name, , change] of bad) await write(await change(await it.plan(name)));
  await writeFile(join(it.root, 'm', 'a-file'), '');
  await mkdir(join(it.root, 'm', 'Not_A_Name'));
  await mkdir(join(it.root, '.hidden', 'app'), { recursive: true });
  const daemon = await it.start();
  await tokenOf(good);
  for (const [name, says] of bad) assert.match(problemOf(daemon, name), says, name);
  assert.deepEqual([...daemon.daemon.apps.hosted.keys()], ['m/good']);
  const { status, body } = await daemon.readiness();
  assert.equal(status, 200);
  const { apps } = body as { apps: Record<string, { ready: boolean; problems?: readonly string[] }> };
  assert.equal(apps['m/good']?.ready, true);
  for (const [name, says] of bad) assert.match(String(apps[name]?.problems), says);
  assert.equal((await daemon.readiness('?app=a/no-key')).status, 503);
  // Told once, though looked at again and again.
  const events = daemon.events.length;
  await daemon.daemon.readAgain();
  assert.equal(daemon.events.length, events);
});

function withEndpoint(app: App, endpoint: string): App {
  return { ...app, env: { ...app.env, NAIS_TOKEN_ENDPOINT: endpoint } };
}

async function takenPort(t: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

test('of two apps that claim one address the second is refused by name, until the first is gone (3.8)', async (t) => {
  const it = await world(t);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const first = { ...withEndpoint(await it.plan('a/first'), `${origin}/api/v1/token`), origin };
  await write(first);
  const second = await it.plan('b/second');
  await write(withEndpoint(second, `http://localhost:${port}/api/v1/token`));
  const daemon = await it.start();
  assert.match(problemOf(daemon, 'b/second'), new RegExp(`127\\.0\\.0\\.1:${port}.*a/first`));
  await tokenOf(first);
  assert.equal(it.provider.forms[0]?.get('client_id'), 'entra-a/first');
  // It claims, but whoever has the place keeps it, also when the claim is new.
  await write(first);
  await daemon.daemon.readAgain();
  await tokenOf(first);
  await rm(first.folder, { recursive: true });
  await daemon.daemon.readAgain();
  await tokenOf({ ...second, origin: first.origin });
  assert.equal(it.provider.forms.at(-1)?.get('client_id'), 'entra-b/second');
  assert.deepEqual(told(daemon).slice(-2), ['a/first closed', 'b/second opened']);
});

test('an app that moves is served at its new place before the old one closes (3.8)', async (t) => {
  const it = await world(t);
  const [app, other] = [await written(it, 'a/app'), await written(it, 'b/other')];
  const daemon = await it.start();
  const moved = { ...app, origin: (await it.plan('a/app')).origin };
  await write(withEndpoint(moved, `${moved.origin}/api/v1/token`));
  await daemon.daemon.readAgain();
  await tokenOf(moved);
  await until(() => isDown(app));
  // To a place that is taken it does not move, and stays where it was.
  await write(withEndpoint(moved, `${other.origin}/api/v1/token`));
  await daemon.daemon.readAgain();
  await tokenOf(moved);
  assert.match(problemOf(daemon, 'a/app'), /b\/other/);
  assert.equal((await daemon.readiness('?app=a/app')).status, 200);
});

test('a removed app finishes its requests and takes no more (3.8)', async (t) => {
  const it = await world(t);
  const app = await written(it, 'a/app');
  const daemon = await it.start();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  it.provider.answer = async () => {
    asked.resolve();
    await answer.promise;
    return json(200, { access_token: 'late', token_type: 'Bearer', expires_in: 600 });
  };
  const underWay = tokenOf(app);
  await asked.promise;
  await rm(app.folder, { recursive: true });
  await daemon.daemon.readAgain();
  await until(() => isDown(app));
  answer.resolve();
  assert.equal(await underWay, 'late');
});

test('a socket is for whoever may open it (0660), and its app alone (3.8)', async (t) => {
  const it = await world(t);
  const plan = await it.plan('a/app');
  const socketPath = join(it.root, 'app.sock');
  await write({ ...plan, env: { ...plan.env, FULLMAKT_SIDECAR_SOCKET: socketPath } });
  const twin = await it.plan('b/twin');
  await write({ ...twin, env: { ...twin.env, FULLMAKT_SIDECAR_SOCKET: socketPath } });
  const daemon = await it.start();
  assert.equal((await stat(socketPath)).mode & 0o777, 0o660);
  assert.match(problemOf(daemon, 'b/twin'), /FULLMAKT_SIDECAR_SOCKET.*a\/app/);
  const status = await new Promise<number>((resolve, reject) => {
    const options = { socketPath, path: '/api/v1/token', method: 'POST', agent: false };
    const sent = rawRequest({ ...options, headers: { 'content-type': 'application/json' } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(MACHINE));
  });
  assert.equal(status, 200);
  assert.equal(await isDown(plan), true, 'the address is not opened beside the socket');
  await rm(plan.folder, { recursive: true });
  await rm(twin.folder, { recursive: true });
  await daemon.daemon.readAgain();
  await until(async () => !(await readdir(it.root)).includes('app.sock'));
});

test("what the daemon's own environment says of clients is nobody's; what it says of limits is everybody's (3.8)", async (t) => {
  const it = await world(t);
  const app = await it.plan('a/app');
  const { AZURE_APP_JWK: _, ...credentials } = app.credentials;
  await write({ ...app, credentials });
  const env = { AZURE_APP_JWK: JSON.stringify(keys.client), FULLMAKT_SIDECAR_JSON_ONLY: 'true' };
  const daemon = await it.start(env);
  assert.match(problemOf(daemon, 'a/app'), /AZURE_APP_JWK is missing/);
  await write(app);
  await daemon.daemon.readAgain();
  const form = await fetch(`${app.origin}/api/v1/token`, { method: 'POST', body: new URLSearchParams(MACHINE) });
  assert.equal(form.status, 400);
  await tokenOf(app);
});

test('what the registrar writes is what the daemon serves, with a change and a removal (manifest.md C1)', async (t) => {
  const state = temporaryFolder(t);
  const it = await world(t);
  const plan = await it.plan('team/app');
  const environment = (client: string): Parameters<typeof writeRunFolder>[2] => ({
    app: plan.env,
    sidecar: { ...plan.credentials, AZURE_APP_CLIENT_ID: client },
    login: {},
    mounts: { azure: {}, jwker: {}, maskinporten: {}, idporten: {} },
  });
  const id = 'local:team:app' as Parameters<typeof writeRunFolder>[1];
  await writeRunFolder(state, id, environment('one'));
  const daemon = await startDaemon(t, join(state, 'run'));
  await tokenOf(plan);
  await writeRunFolder(state, id, environment('two'));
  await until(() => daemon.timers.waiting().includes(250));
  daemon.timers.fire(250);
  await until(() => daemon.events.some(({ event }) => event === 'sidecar.reload'));
  await tokenOf(plan);
  assert.deepEqual(
    it.provider.forms.map((form) => form.get('client_id')),
    ['one', 'two'],
  );
  await removeOtherRunFolders(state, []);
  await daemon.daemon.readAgain();
  await until(() => isDown(plan));
});

test('invalid_client reads the folder of that app again (3.3)', async (t) => {
  const it = await world(t);
  const [app, other] = [await written(it, 'a/app'), await written(it, 'b/other')];
  const daemon = await it.start();
  it.provider.answer = (call) =>
    call === 1
      ? json(401, { error: 'invalid_client' })
      : json(200, { access_token: 'new', token_type: 'Bearer', expires_in: 600 });
  const changed = { AZURE_APP_JWK: JSON.stringify(otherKey) };
  for (const each of [app, other]) await write({ ...each, credentials: { ...each.credentials, ...changed } });
  assert.equal(await tokenOf(app), 'new');
  assert.deepEqual(
    daemon.events.flatMap((each) => (each.event === 'sidecar.reload' ? [each.of] : [])),
    ['a/app'],
  );
});

test('when the folder of all apps is gone they are served as before, and are followed again when it is back', async (t) => {
  const it = await world(t);
  const app = await written(it, 'a/app');
  const daemon = await it.start();
  await rename(it.root, `${it.root}-away`);
  await daemon.daemon.readAgain();
  await tokenOf(app);
  const { status, body } = await daemon.readiness();
  assert.deepEqual([status, typeof body['problem']], [200, 'string']);
  await rename(`${it.root}-away`, it.root);
  await rm(app.folder, { recursive: true });
  await daemon.daemon.readAgain();
  await until(() => isDown(app));
});

test('an application that floods a provider has a share of the connections, not all of them (3.8)', async (t) => {
  const it = await world(t);
  const [hog, other] = [await written(it, 'a/hog'), await written(it, 'b/other')];
  await write({ ...hog, credentials: { ...hog.credentials, AZURE_APP_CLIENT_ID: 'the-hog' } });
  await it.start();
  const gate = Promise.withResolvers<void>();
  const ofHog = (): number => it.provider.forms.filter((form) => form.get('client_id') === 'the-hog').length;
  it.provider.answer = async () => {
    if (it.provider.forms.at(-1)?.get('client_id') === 'the-hog') await gate.promise;
    return json(200, { access_token: 'one', token_type: 'Bearer', expires_in: 600 });
  };
  const asked = Array.from({ length: 250 }, (_, at) => tokenOf(hog, { target: `target-${at}` }));
  await until(() => ofHog() === 200);
  for (let at = 0; at < 20; at += 1) await tokenOf(other, { target: `target-${at}` });
  assert.equal(ofHog(), 200);
  gate.resolve();
  assert.equal((await Promise.all(asked)).length, 250);
  assert.equal(ofHog(), 250);
});

test('a folder of all apps, or of one, that holds nothing any more is a volume that is away: nobody is closed (3.8)', async (t) => {
  const it = await world(t);
  const app = await written(it, 'a/app');
  const daemon = await it.start();
  await tokenOf(app);
  await rename(join(it.root, 'a'), `${it.root}-away`);
  await daemon.daemon.readAgain();
  await tokenOf(app);
  const { status, body } = await daemon.readiness();
  assert.equal(status, 200);
  assert.match(String(body['problem']), /is empty/);
  await daemon.daemon.readAgain();
  const failures = daemon.events.filter(({ event }) => event === 'sidecar.reload');
  assert.equal(failures.length, 1, 'told once');
  await rename(`${it.root}-away`, join(it.root, 'a'));
  await daemon.daemon.readAgain();
  assert.equal((await daemon.readiness()).body['problem'], undefined);
  await rm(join(app.folder, 'sidecar'), { recursive: true });
  await mkdir(join(app.folder, 'sidecar'));
  await daemon.daemon.readAgain();
  await tokenOf(app);
  assert.match(problemOf(daemon, 'a/app'), /sidecar holds no variable/);
});

test('an application that names the place of probes is refused, and keeps nothing from the others (3.8)', async (t) => {
  const scene = await world(t);
  const [one, other] = [await scene.plan('ns/one'), await scene.plan('ns/other')];
  for (const { folder, env, credentials } of [one, other]) await writeApp(folder, env, credentials);
  const running = await scene.start({ PROBE_BIND_ADDRESS: new URL(one.origin).host });
  const { daemon } = running;
  assert.deepEqual([...daemon.apps.hosted.keys()], ['ns/other']);
  assert.match(
    daemon.apps.refused.get('ns/one')?.join() ?? '',
    /NAIS_TOKEN_ENDPOINT names 127\S+, which is the place of probes/,
  );
  assert.equal((await running.readiness()).status, 200);
});
