import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import type { PrivateJwk } from '../../src/oauth/jwk.ts';
import { startDaemon, writeApp } from '../../src/sidecar/testing/daemon.ts';
import type { TestDaemon } from '../../src/sidecar/testing/daemon.ts';
import { temporaryFolder } from '../../src/sidecar/testing/folders.ts';
import { makeKeys, startProvider, testEnv } from '../../src/sidecar/testing/sidecar.ts';
import type { FakeProvider, TestKeys } from '../../src/sidecar/testing/sidecar.ts';
import { postJson } from '../post-json.ts';
import { freePort } from '../servers/free-port.ts';

/** Of the provider and of every application that has no other. */
export const keys: TestKeys = await makeKeys();
/** For the application that signs with another. */
export const otherKey: PrivateJwk = await generatePrivateJwk('ES256', 'other-key');
/** What each application asks for itself. */
export const MACHINE: Readonly<Record<string, string>> = { identity_provider: 'entra_id', target: 'local:fleet:api' };

/** An application, where it is told of, and where it is served. */
export interface App {
  readonly name: string;
  readonly folder: string;
  readonly origin: string;
  readonly env: Readonly<Record<string, string>>;
  readonly credentials: Readonly<Record<string, string>>;
}

/** A folder of applications, and the provider that all of them ask. */
export interface World {
  readonly root: string;
  readonly provider: FakeProvider;
  /** An application with clients of its own, not yet written. */
  plan(name: string, changes?: Readonly<Record<string, string>>): Promise<App>;
  start(env?: Readonly<Record<string, string>>): Promise<TestDaemon>;
}

/** A folder that is empty yet; it ends with the test, and so does what is started on it. */
export async function openWorld(t: TestContext): Promise<World> {
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

/** Writes what is said of it as it is now. */
export const write = ({ folder, env, credentials }: App): Promise<void> => writeApp(folder, env, credentials);

/** One that is planned and written. */
export async function written(it: World, name: string, changes?: Readonly<Record<string, string>>): Promise<App> {
  const app = await it.plan(name, changes);
  await write(app);
  return app;
}

/** A request in JSON to the endpoint of this path. */
export function post(origin: string, path: string, body: object): Promise<Response> {
  return postJson(`${origin}/api/v1${path}`, body);
}

/** A token that it is given; anything else fails the test. */
export async function tokenOf(app: App, more: object = {}): Promise<string> {
  const response = await post(app.origin, '/token', { ...MACHINE, ...more });
  const answer: Record<string, string> = JSON.parse(await response.text());
  const { access_token: token = '', error_description: fault = '' } = answer;
  assert.equal(response.status, 200, fault);
  return token;
}

/** Whether nothing answers where it was. */
export const isDown = (app: App): Promise<boolean> =>
  post(app.origin, '/token', MACHINE).then(
    () => false,
    () => true,
  );

/** What was said of the comings and goings of applications. */
export const told = ({ events }: TestDaemon): readonly string[] =>
  events.flatMap((event) => (event.event === 'sidecar.app' ? [`${event.app} ${event.outcome}`] : []));

/** What was last said to be wrong with one. */
export const problemOf = ({ events }: TestDaemon, name: string): string =>
  events.flatMap((each) => (each.event === 'sidecar.app' && each.app === name ? [each.problems ?? ''] : [])).at(-1) ??
  '';

/** The same, served elsewhere. */
export function withEndpoint(app: App, endpoint: string): App {
  return { ...app, env: { ...app.env, NAIS_TOKEN_ENDPOINT: endpoint } };
}
