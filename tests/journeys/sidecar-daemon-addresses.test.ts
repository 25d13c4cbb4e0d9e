import assert from 'node:assert/strict';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { request as rawRequest } from 'node:http';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { writeApp } from '../../src/sidecar/testing/daemon.ts';
import { freePort } from '../servers/free-port.ts';
import { until } from '../until.ts';
import {
  MACHINE,
  openWorld,
  write,
  written,
  tokenOf,
  isDown,
  told,
  problemOf,
  withEndpoint,
} from './sidecar-daemon-world.ts';
import type { App } from './sidecar-daemon-world.ts';

/* Where each application of one sidecar is served, and who is refused a place (sidecar-sdk.md 3.8). */

test('a bad folder stops nobody, in whichever way it is bad (3.8)', async (t) => {
  const it = await openWorld(t);
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

async function takenPort(t: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

test('of two apps that claim one address the second is refused by name, until the first is gone (3.8)', async (t) => {
  const it = await openWorld(t);
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
  const it = await openWorld(t);
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

test('a socket is for whoever may open it (0660), and its app alone (3.8)', async (t) => {
  const it = await openWorld(t);
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

test('an application that names the place of probes is refused, and keeps nothing from the others (3.8)', async (t) => {
  const scene = await openWorld(t);
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
