import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonNames, readConfigFile } from '../src/cli/config-file.ts';
import { layered } from '../src/cli/login-layers.ts';
import { loginSettings } from '../src/login/config.ts';
import type { World } from '../src/login/testing/proxy.ts';
import { HOST, startWorld } from '../src/login/testing/proxy.ts';
import { startProvider } from '../src/login/testing/provider.ts';
import { startTokenx } from '../src/login/testing/tokenx.ts';
import type { HttpRequest } from '../src/web/http.ts';
import { json } from '../src/web/http.ts';
import { serve } from '../src/web/serve.ts';
import { createBrowser } from './journeys/browser.ts';
import { startAlone } from './journeys/idp-alone.ts';
import { signIn } from './journeys/sign-in.ts';
import { localFetch } from './local-fetch.ts';
import { freePort } from './servers/free-port.ts';
import { startLoginCommand } from './servers/login-command.ts';
import { noRedis, startRedis } from './servers/redis.ts';

const PAGE = readFileSync(new URL('../docs/login-proxy-examples.md', import.meta.url), 'utf8');
const FETCH = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };

/** The file of that name below that heading. */
function example(heading: string, name = 'login.yaml'): string {
  const [, section = ''] = new RegExp(`^## ${heading}\n([^]*?)(?=^## |(?![^]))`, 'm').exec(PAGE) ?? [];
  const [, file] = new RegExp(`^\`\`\`yaml\n# ${name}\n([^\`]*)^\`\`\``, 'm').exec(section) ?? [];
  assert.ok(file !== undefined, `${heading} has no ${name}`);
  return file;
}

/** Writes files that are gone after the test; gives the way to each. */
function written(t: test.TestContext, files: Readonly<Record<string, string>>): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-examples-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return (name) => join(folder, name);
}

/** What the file says, as variables; the application is the test's. */
async function settingsOf(t: test.TestContext, file: string): Promise<Record<string, string>> {
  const { env, problems } = layered(
    {},
    {},
    await readConfigFile(written(t, { 'login.yaml': file })('login.yaml'), jsonNames(loginSettings)),
  );
  assert.deepEqual(problems, []);
  const said = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return Object.fromEntries(said.filter(([name]) => name !== 'FULLMAKT_LOGIN_UPSTREAM'));
}

/** An application that says by whose token it was asked. */
function whose({ headers }: HttpRequest): ReturnType<typeof json> {
  return json(200, { by: headers.authorization ?? '' });
}

async function follow({ browser, provider }: World, location = ''): ReturnType<typeof browser.visit> {
  const start = await browser.visit(location);
  return browser.visit(await provider.authorize(start.headers.location ?? ''));
}

test('docs/login-proxy-examples.md: on this machine somebody signs in at the local ID-porten', async (t) => {
  const port = await freePort();
  const moved = (text: string): string => text.replaceAll('localhost:3000', `localhost:${port}`);
  const at = written(t, { 'clients.yaml': moved(example('On this machine', 'clients.yaml')) });
  const idp = await startAlone(['--only', 'idporten', '--clients', at('clients.yaml'), '--dir', at('idp')]);
  t.after(() => idp.stop());
  const app = await serve({ name: 'app', setting: '-', host: '127.0.0.1', port: 0, handle: whose });
  t.after(() => app.close(0));
  const file = moved(example('On this machine'))
    .replace('http://127.0.0.1:8080', app.origin)
    .replace('http://localhost:7410', idp.issuer('idporten'))
    .replace('sessions.sqlite', at('sessions.sqlite'));
  writeFileSync(at('login.yaml'), file);
  const { caFile } = idp.summary.ca;
  const proxy = await startLoginCommand({ FULLMAKT_LOGIN_BIND_ADDRESS: `localhost:${port}` }, [
    '--config',
    at('login.yaml'),
  ]);
  t.after(() => proxy.stop());
  const page = await signIn(createBrowser(localFetch(caFile)), `http://localhost:${port}/x`, '01819090285', 'high');
  assert.equal(page.url, `http://localhost:${port}/x`, proxy.said());
  assert.match(page.html, /"by":"Bearer /);
});

test('docs/login-proxy-examples.md: each API gets a token of its own, the page none, and 401 says where to sign in', async (t) => {
  const tokenx = await startTokenx(t);
  const seen: HttpRequest[] = [];
  const handle = (request: HttpRequest): ReturnType<typeof json> => {
    seen.push(request);
    return json(200, {});
  };
  const api = await serve({ name: 'api', setting: '-', host: '127.0.0.1', port: 0, handle });
  t.after(() => api.close(0));
  const file = example('A browser application without a backend').replaceAll(/http:\/\/[a-z.-]+-api\.\w+/g, api.origin);
  const env = { ...tokenx.env, ...(await settingsOf(t, file)) };
  const world = await startWorld(t, { env });
  const headers = { ...FETCH, 'x-fullmakt-csrf': '1', referer: `https://${HOST}/page` };
  const stranger = await world.browser.ask('/api/permits/mine', { headers });
  assert.equal(stranger.status, 401);
  assert.equal((await follow(world, stranger.headers.location)).headers.location, '/page');
  for (const path of ['/api/permits/mine', '/api/register/mine'])
    assert.equal((await world.browser.ask(path, { headers, method: 'POST' })).status, 200);
  assert.deepEqual(
    tokenx.forms.map((form) => form.get('audience')),
    ['prod:permits:permit-api', 'prod:registry:register-api'],
  );
  assert.deepEqual(
    seen.map(({ target }) => target),
    ['/api/permits/mine', '/api/register/mine'],
  );
  for (const { headers: sent } of seen) assert.match(sent.authorization ?? '', /^Bearer exchanged-/);
  assert.equal((await world.browser.ask('/api/permits/mine', { headers: FETCH, method: 'POST' })).status, 403);
});

test('docs/login-proxy-examples.md: some paths lead through a stronger login, and one that is not too old', async (t) => {
  const world = await startWorld(t, { env: await settingsOf(t, example('A stronger login for some paths')) });
  const { browser, provider, clock } = world;
  provider.bends.expiresIn = 36_000;
  await world.logIn();
  assert.equal(provider.lastRequest().get('acr_values'), 'idporten-loa-substantial');
  assert.equal((await browser.visit('/page')).status, 200);
  const weak = await browser.visit('/approve/x');
  assert.equal(weak.status, 302);
  assert.equal((await follow(world, weak.headers.location)).headers.location, '/approve/x');
  assert.equal(provider.lastRequest().get('acr_values'), 'idporten-loa-high');
  assert.equal((await browser.visit('/approve/x')).status, 200);
  clock.seconds += 601;
  assert.equal((await browser.visit('/approve/x')).status, 302);
});

test('docs/login-proxy-examples.md: writes of other sites are refused, but for the hooks', async (t) => {
  const world = await startWorld(t, { env: await settingsOf(t, example('Writes from other sites')) });
  await world.logIn();
  const write = async (path: string, headers: Record<string, string>): Promise<number> =>
    (await world.browser.ask(path, { method: 'POST', headers })).status;
  assert.equal(await write('/x', FETCH), 200);
  assert.equal(await write('/x', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' }), 403);
  assert.equal(await write('/x', { 'sec-fetch-site': 'same-site', origin: 'https://other.example.test' }), 200);
  assert.equal(await write('/admin/x', FETCH), 403);
  assert.equal(await write('/admin/x', { ...FETCH, 'x-fullmakt-csrf': '1' }), 200);
  const hook = await world.newBrowser().ask('/hooks/x', { method: 'POST' });
  assert.equal(hook.status, 200);
});

test('docs/login-proxy-examples.md: on Redis two processes start with one file and reach it', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.close());
  const at = written(t, { keys: randomBytes(32).toString('base64') });
  const file = example('Several processes on Redis')
    .replace(/rediss:\S+/, redis.url)
    .replace('/run/secrets/session-keys', at('keys'));
  writeFileSync(at('login.yaml'), file);
  const client = {
    IDPORTEN_CLIENT_ID: 'my-app',
    FULLMAKT_LOGIN_OPENID_CLIENT_SECRET: 'only-for-tests',
    IDPORTEN_WELL_KNOWN_URL: 'http://localhost:1/.well-known/openid-configuration',
    FULLMAKT_LOGIN_ALLOW_LOCAL_PROVIDERS: 'true',
  };
  for (let started = 0; started < 2; started += 1) {
    const proxy = await startLoginCommand(client, ['--config', at('login.yaml')]);
    t.after(() => proxy.stop());
    const ready = await (await fetch(`${proxy.metrics}/readyz`)).text();
    assert.match(ready, /"metadata/);
    assert.doesNotMatch(ready, /"(?:store|clock)"/);
  }
});

test('docs/login-proxy-examples.md: two providers, each with its own login, cookie and paths', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const entra = await startProvider(t, () => clock.seconds);
  const env = {
    AZURE_APP_CLIENT_ID: 'client-at-entra',
    AZURE_APP_CLIENT_SECRET: 'secret-at-entra',
    AZURE_APP_WELL_KNOWN_URL: entra.wellKnownUrl,
    ...(await settingsOf(t, example('Two providers side by side'))),
  };
  const { browser, provider, logIn } = await startWorld(t, { env, clock });
  await logIn();
  const asked = await browser.visit('/desk/x');
  const { location = '' } = (await browser.visit(asked.headers.location ?? '')).headers;
  assert.ok(location.startsWith(entra.issuer), location);
  const callback = await entra.authorize(location);
  assert.ok(callback.startsWith('/oauth2/callback/entra?'), callback);
  assert.equal((await browser.visit(callback)).headers.location, '/desk/x');
  assert.deepEqual([...browser.jar.keys()].toSorted(), ['__Host-fullmakt.session', '__Host-fullmakt.session.entra']);
  const tokenAt = async (path: string): Promise<unknown> => JSON.parse((await browser.visit(path)).body).authorization;
  assert.notEqual(await tokenAt('/desk/x'), await tokenAt('/x'));
  assert.equal(provider.callsTo('token').length, 1);
  assert.equal(entra.callsTo('token').length, 1);
});

test('docs/running-the-login-proxy.md: its file and the variables above it start a proxy together', async (t) => {
  const page = readFileSync(new URL('../docs/running-the-login-proxy.md', import.meta.url), 'utf8');
  const [, file = ''] = /^```yaml\n([^`]*)^```/m.exec(page) ?? [];
  const [, shell = ''] = /^```sh\n([^`]*)^node_modules/m.exec(page) ?? [];
  const words = [...shell.matchAll(/(FULLMAKT_LOGIN_\w+)=(\S+)/g)].map(
    ([, name = '', value = '']) => [name, value] as const,
  );
  assert.equal(words.length, 5);
  const said = words.filter(([name]) => name !== 'FULLMAKT_LOGIN_UPSTREAM');
  const env = { ...(await settingsOf(t, file)), ...Object.fromEntries(said) };
  const { browser, newBrowser } = await startWorld(t, { env });
  const host = new URL(env['FULLMAKT_LOGIN_INGRESS'] ?? '').host;
  assert.equal((await browser.visit('/')).status, 421);
  assert.equal((await newBrowser(host).visit('/')).status, 302);
});

test('docs/endpoints.md: what the session route answers', async (t) => {
  const page = readFileSync(new URL('../docs/endpoints.md', import.meta.url), 'utf8');
  const [, shown = '{}'] = /^```json\n([^`]*)^```/m.exec(page) ?? [];
  const { browser, provider, logIn } = await startWorld(t, { env: { FULLMAKT_LOGIN_SESSION_INACTIVITY: 'true' } });
  provider.bends.expiresIn = 300;
  await logIn();
  assert.deepEqual(JSON.parse((await browser.ask('/oauth2/session')).body), JSON.parse(shown));
});
