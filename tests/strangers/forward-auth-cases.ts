import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { SecureBrowser } from './forward-auth-browser.ts';
import { createSecureBrowser, HOST, send } from './forward-auth-browser.ts';
import type { GuardedApplication } from './forward-auth-world.ts';
import { judgeSmuggling } from './forward-auth-smuggling.ts';
import { startGuarded } from './forward-auth-world.ts';

/** An outer proxy under test: starts in front of an application, answers its port. */
export interface OuterProxy {
  readonly name: string;
  readonly skip: string | false;
  readonly start: (t: TestContext, guarded: GuardedApplication) => Promise<number>;
}

/** What a case begins with. */
export interface Scene extends GuardedApplication {
  readonly port: number;
  readonly browser: SecureBrowser;
}

const ORIGIN = `https://${HOST}`;
const SESSION = '__Host-fullmakt.session';
const SPOOFS: Readonly<Record<string, string>> = {
  'X-Original-URL': `${ORIGIN}/public/x`,
  'X-Original-URI': '/public/x',
  'X-Original-Method': 'OPTIONS',
  'X-Rewrite-URL': '/public/x',
  'X-Forwarded-Uri': '/public/x',
  'X-Forwarded-Method': 'OPTIONS',
  'X-Forwarded-Host': HOST,
  'X-Forwarded-Proto': 'https',
  Forwarded: 'host=evil.test;proto=http',
};
const TRICKS: readonly string[] = [
  '/public/../secret',
  '/public/%2e%2e/secret',
  '/public/%2E./secret',
  '/public/..;/secret',
  '/public/..%2fsecret',
  '/public/%2e%2e%2fsecret',
  '/public//../secret',
  '/public/./../secret',
  '/public/..\\secret',
  '/public/%5c..%5csecret',
  '/public/%252e%252e/secret',
  '/oauth2/../secret',
  '/oauth2/%2e%2e/secret',
  '/oauth2//../secret',
  '//public/x/../../secret',
  '/secret?/public/x',
  '/secret%3f/public/x',
  '/secret;/public/x',
  '/PUBLIC/x',
];

/** An outer proxy with its example file, in front of an application, and a browser. */
export async function scene(t: TestContext, outer: OuterProxy): Promise<Scene> {
  const guarded = await startGuarded(t);
  const port = await outer.start(t, guarded);
  return { ...guarded, port, browser: createSecureBrowser(port) };
}

/** Signs in from a link to this path; answers where the login leads. */
export async function signIn({ browser, login }: Scene, path: string): Promise<string | undefined> {
  const denied = await browser.visit(path);
  assert.equal(denied.status, 302, denied.body);
  const way = new URL(denied.headers.location ?? '');
  assert.equal(way.origin, ORIGIN);
  const start = await browser.visit(way.pathname + way.search);
  const landed = await browser.visit(await login.provider.authorize(start.headers.location ?? ''));
  return landed.headers.location;
}

/** The values of every header of the application's request whose name reads as one of ours, however it is spelled. */
function owned({ seen }: Scene): readonly string[] {
  const raw = seen.at(-1)?.rawHeaders ?? [];
  return raw.filter((_, index) => index % 2 === 1 && /wonderwall|^authorization$/i.test(raw[index - 1] ?? ''));
}

async function showsJourney(t: TestContext, outer: OuterProxy): Promise<void> {
  const at = await scene(t, outer);
  const { browser, seen } = at;
  assert.equal(await signIn(at, '/deep/link?x=1&y=%2F'), '/deep/link?x=1&y=%2F');
  const page = await browser.visit('/deep/link?x=1&y=%2F');
  assert.equal(page.status, 200);
  assert.equal(page.body, 'the application');
  const request = seen.at(-1);
  assert.equal(request?.target, '/deep/link?x=1&y=%2F');
  assert.match(request?.headers.authorization ?? '', /^Bearer access-/);
  assert.match(String(request?.headers['x-wonderwall-forward-auth-token']), /^[\w-]+\.[\w-]+\.[\w-]+$/);
  assert.equal(request?.headers.host, HOST);
  await browser.visit('/x', { headers: { cookie: `theirs=1; ${SESSION}=${browser.jar.get(SESSION)}; more=2` } });
  assert.equal(seen.at(-1)?.headers.cookie, 'theirs=1; more=2');
  const posted = await browser.fetch('/form', { method: 'POST', body: 'a=1', headers: { 'content-length': '3' } });
  assert.equal(posted.status, 200);
  assert.deepEqual([seen.at(-1)?.method, seen.at(-1)?.body], ['POST', 'a=1']);
  assert.equal((await browser.fetch('/oauth2/session')).status, 200);
  const out = await browser.visit('/oauth2/logout', { headers: { 'sec-fetch-site': 'same-origin' } });
  assert.equal(out.status, 200);
  assert.equal((await browser.visit('/deep')).status, 302);
}

async function showsDenials(t: TestContext, outer: OuterProxy): Promise<void> {
  const { browser, seen } = await scene(t, outer);
  const script = await browser.fetch('/api', { headers: { referer: `${ORIGIN}/page` } });
  assert.equal(script.status, 401);
  assert.match(script.headers['content-type'] ?? '', /json/);
  const back = encodeURIComponent(`${ORIGIN}/page`);
  assert.equal(script.headers.location, `${ORIGIN}/oauth2/login?redirect=${back}`);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
    assert.equal((await browser.fetch('/api', { method })).status, 401, method);
  const plain = await browser.ask('/page', { headers: { accept: 'text/html' } });
  assert.equal(plain.status, 302);
  assert.equal(seen.length, 0);
  assert.equal((await browser.visit('/public/x')).status, 200);
  assert.equal(seen.length, 1);
}

async function showsStripping(t: TestContext, outer: OuterProxy): Promise<void> {
  const at = await scene(t, outer);
  const forged = {
    Authorization: 'Bearer forged',
    'X-Wonderwall-Forward-Auth-Token': 'forged',
    'X-Wonderwall-Id-Token': 'forged',
    X_Wonderwall_Forward_Auth_Token: 'forged',
    'x-wonderwall_id-token': 'forged',
  };
  assert.equal((await at.browser.visit('/public/x', { headers: forged })).status, 200);
  assert.ok(!owned(at).includes('forged') && !owned(at).includes('Bearer forged'), owned(at).join());
  await signIn(at, '/');
  for (const path of ['/public/x', '/x']) {
    assert.equal((await at.browser.visit(path, { headers: forged })).status, 200);
    const values = owned(at);
    assert.equal(values.length, 2, values.join());
    assert.ok(values.every((value) => !value.includes('forged')));
  }
}

async function showsSpoofing(t: TestContext, outer: OuterProxy): Promise<void> {
  const { browser, seen, login, port } = await scene(t, outer);
  for (const [name, value] of Object.entries(SPOOFS)) {
    assert.equal((await browser.visit('/secret', { headers: { [name]: value } })).status, 302, name);
    assert.equal((await browser.fetch('/secret', { headers: { [name]: value } })).status, 401, name);
  }
  assert.ok([302, 400].includes((await browser.visit('/secret', { headers: SPOOFS })).status));
  for (const path of ['', '/envoy/public/x', '?mode=redirect', '/', '%20', '/envoy']) {
    const answer = await browser.visit(`/oauth2/session/forwardauth${path}`, { headers: SPOOFS });
    assert.ok(answer.status >= 400, `${path} ${answer.status}`);
    assert.equal(answer.headers['authorization'], undefined);
  }
  assert.equal(seen.length, 0);
  // Somebody who reaches the login without the outer proxy: nothing they say of a target counts.
  for (const path of ['', '?mode=redirect', '/envoy/public/x']) {
    const stranger = { port: login.port, secure: false, from: '127.0.0.2' };
    const answer = await send(stranger, `/oauth2/session/forwardauth${path}`, { headers: SPOOFS });
    assert.equal(answer.status, 401, path);
    const trusted = { port: login.port, secure: false, from: '127.0.0.1' };
    const believed = await send(trusted, `/oauth2/session/forwardauth${path}`, {
      headers: { 'X-Original-URL': `${ORIGIN}/public/x`, 'X-Forwarded-Uri': '/public/x' },
    });
    assert.ok(believed.status === 204 || believed.status === 200, path);
  }
  assert.notEqual(port, login.port);
}

async function showsPathTricks(t: TestContext, outer: OuterProxy): Promise<void> {
  const { browser, seen } = await scene(t, outer);
  for (const path of TRICKS) {
    const before = seen.length;
    const { status } = await browser.fetch(path);
    // A proxy that tidies the path first has it judged as it then sends it.
    const arrived = seen.slice(before).map(({ target }) => target);
    assert.ok(
      arrived.every((target) => /^\/public\/[a-z]+$/.test(target)),
      `${path} arrived as ${arrived.join()}`,
    );
    if (arrived.length === 0) assert.ok(status >= 400, `${path}: ${status}`);
  }
}

async function showsOutage(t: TestContext, outer: OuterProxy): Promise<void> {
  const at = await scene(t, outer);
  await signIn(at, '/');
  const { browser, seen } = at;
  const before = seen.length;
  at.setStoreDown(true);
  for (const answer of [await browser.visit('/x'), await browser.fetch('/x')]) {
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.location, undefined);
    assert.equal(answer.headers['retry-after'], '5');
    assert.deepEqual(answer.setCookies, []);
  }
  assert.equal(seen.length, before);
  assert.equal((await browser.visit('/public/x')).status, 200);
  at.setStoreDown(false);
  // The breaker looks again after half a second.
  const until = performance.now() + 20_000;
  while ((await browser.visit('/x')).status !== 200) assert.ok(performance.now() < until, 'it never came back');
}

/** Judges one outer proxy with its example file. */
export function judgeOuterProxy(outer: OuterProxy): void {
  const { name, skip } = outer;
  test(`${name}: a deep link leads through login to the application, which sees who it is`, { skip }, (t) =>
    showsJourney(t, outer),
  );
  test(`${name}: scripts get 401 with the way to login, and nothing reaches the application`, { skip }, (t) =>
    showsDenials(t, outer),
  );
  test(`T14 ${name}: identity headers of a client never arrive, with a session or without`, { skip }, (t) =>
    showsStripping(t, outer),
  );
  test(`T22 ${name}: target headers of a client, or of a stranger at the check itself, change nothing`, { skip }, (t) =>
    showsSpoofing(t, outer),
  );
  test(`T20 ${name}: no spelling of a path brings a guarded one to the application`, { skip }, (t) =>
    showsPathTricks(t, outer),
  );
  test(
    `T31 ${name}: while the store is down guarded paths are 503, public ones go on, nobody is signed out`,
    { skip },
    (t) => showsOutage(t, outer),
  );
  judgeSmuggling(outer);
}
