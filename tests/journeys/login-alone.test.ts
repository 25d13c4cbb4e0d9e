import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { localFetch } from '../local-fetch.ts';
import { type LoginCommandProcess, runLoginCommand, startLoginCommand } from '../servers/login-command.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import type { Browser } from './browser.ts';
import { startLoginGround } from './login-alone.ts';
import { signIn, signOut } from './sign-in.ts';
import { until } from '../until.ts';

const PID = '01819090285';

const ground = await startLoginGround();
after(() => ground.close());

const keys = (): string => randomBytes(32).toString('base64');

/** Asked as a script asks, so that nobody is quietly signed in again on the way. */
async function isSignedIn(browser: Browser, path = '/'): Promise<boolean> {
  const asked = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };
  const { status, html } = await browser.open(`${ground.ingress}${path}`, asked);
  assert.ok([200, 401].includes(status), `${status}: ${html}`);
  return html.includes('"signedIn":true');
}

/** What is missing before requests are taken; empty when nothing is. */
async function missing({ metrics }: LoginCommandProcess): Promise<readonly string[]> {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- what the listener answers
  const { missing: parts = [] } = (await (await fetch(`${metrics}/readyz`)).json()) as { missing?: readonly string[] };
  return parts;
}

test('signs a citizen in at the first visit; with Redis a restart signs nobody out (J1)', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.close());
  const audit = join(ground.folder, 'record', 'audit.jsonl');
  const env = {
    ...ground.env,
    FULLMAKT_LOGIN_STORE: redis.url,
    FULLMAKT_LOGIN_SESSION_KEYS: keys(),
    FULLMAKT_LOGIN_AUDIT_FILE: audit,
  };
  const first = await startLoginCommand(env);
  t.after(() => first.stop());
  const browser = ground.newBrowser();
  const page = await signIn(browser, `${ground.ingress}/deep/link?a=b`, PID, 'high');
  assert.equal(page.url, `${ground.ingress}/deep/link?a=b`);
  assert.match(page.html, /"signedIn":true/);
  assert.deepEqual(await missing(first), []);
  assert.equal(await first.stop(), 0);
  const second = await startLoginCommand(env);
  t.after(() => second.stop());
  assert.equal(await isSignedIn(browser), true);
  await signOut(browser, ground.ingress);
  assert.equal(await isSignedIn(browser), false);
  const record = readFileSync(audit, 'utf8');
  for (const event of ['login.started', 'login.succeeded', 'logout']) assert.ok(record.includes(`"${event}"`), event);
  assert.equal(record.includes(PID), false);
});

test('with a file a restart signs nobody out, and the key beside it is nobody else’s to read (SE-4)', async (t) => {
  const file = join(ground.folder, 'sessions.sqlite');
  const env = { ...ground.env, FULLMAKT_LOGIN_STORE: `sqlite:${file}` };
  const first = await startLoginCommand(env);
  t.after(() => first.stop());
  const browser = ground.newBrowser();
  await signIn(browser, ground.ingress, PID, 'high');
  await first.stop();
  assert.equal(statSync(`${file}.key`).mode & 0o777, 0o600);
  const second = await startLoginCommand(env);
  t.after(() => second.stop());
  assert.equal(await isSignedIn(browser), true);
});

test('SIGTERM: not ready at once, new requests for the wait, then those that have begun are finished (OP-9)', async (t) => {
  const proxy = await startLoginCommand({ ...ground.env, FULLMAKT_LOGIN_SHUTDOWN_WAIT_BEFORE_PERIOD: '3s' });
  t.after(() => proxy.stop('SIGKILL'));
  const browser = ground.newBrowser();
  await signIn(browser, ground.ingress, PID, 'high');
  const stopped = proxy.stop('SIGTERM');
  await until(async () => (await missing(proxy)).includes('accepting'));
  assert.equal((await fetch(`${proxy.metrics}/healthz`)).status, 200);
  assert.equal(await isSignedIn(browser), true);
  const slow = isSignedIn(browser, '/slow');
  await ground.slow.asked;
  await until(() =>
    ground
      .newBrowser()
      .open(ground.ingress)
      .then(
        () => false,
        () => true,
      ),
  );
  ground.slow.answer();
  assert.equal(await slow, true);
  assert.equal(await stopped, 0);
  await assert.rejects(browser.open(ground.ingress));
});

test('keys that change in their file are in force without a restart, and nobody is signed out (SE-4)', async (t) => {
  const file = join(ground.folder, 'keys');
  const [a, b] = [keys(), keys()];
  writeFileSync(file, `${a}\n`);
  const proxy = await startLoginCommand({ ...ground.env, FULLMAKT_LOGIN_SESSION_KEYS_FILE: file });
  t.after(() => proxy.stop());
  const browser = ground.newBrowser();
  await signIn(browser, ground.ingress, PID, 'high');
  const change = async (text: string): Promise<void> => {
    const before = proxy.said().length;
    writeFileSync(file, text);
    proxy.child.kill('SIGHUP');
    await until(() => /session keys in force|as they were/.test(proxy.said().slice(before)));
  };
  for (const ring of [`${a}\n${b}`, `# the new one seals\n${b}\n${a}`, 'no key at all']) {
    await change(ring);
    assert.equal(await isSignedIn(browser), true, ring);
  }
  assert.match(proxy.said(), /keys stay as they were/);
  await change(b);
  assert.equal(await isSignedIn(browser), false);
  await proxy.stop();
  assert.equal(proxy.said().includes(a), false);
});

test('starts with provider and store down, says what is missing, and serves once they are there (OP-2, OP-3)', {
  skip: noRedis,
}, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.close());
  await redis.crash();
  await ground.stopProvider();
  const probes = { FULLMAKT_LOGIN_PROBE_BIND_ADDRESS: '127.0.0.1:0' };
  const env = { ...ground.env, ...probes, FULLMAKT_LOGIN_STORE: redis.url, FULLMAKT_LOGIN_SESSION_KEYS: keys() };
  const proxy = await startLoginCommand(env);
  t.after(() => proxy.stop());
  const { probes: origin = '' } = proxy.summary.origins;
  assert.equal((await fetch(`${origin}/healthz`)).status, 200);
  assert.equal((await fetch(`${origin}/metrics`)).status, 404);
  assert.deepEqual(await missing(proxy), ['store', 'metadata', 'keys']);
  assert.equal((await ground.newBrowser().open(`${ground.ingress}/oauth2/login`)).status, 503);
  await Promise.all([redis.start(), ground.startProvider()]);
  await until(async () => (await fetch(`${origin}/readyz`)).status === 200);
  await signIn(ground.newBrowser(), ground.ingress, PID, 'high');
});

test('a proxy of single sign-on starts from Wonderwall’s variables, without a client of its own (A22, 12)', async (t) => {
  const proxy = await startLoginCommand({
    WONDERWALL_ENCRYPTION_KEY: keys(),
    WONDERWALL_INGRESS: 'https://app.inner.example.test',
    WONDERWALL_OPENID_PROVIDER: 'azure',
    WONDERWALL_REDIS_URI: 'redis://127.0.0.1:1',
    WONDERWALL_SSO_ENABLED: 'true',
    WONDERWALL_SSO_MODE: 'proxy',
    WONDERWALL_SSO_SESSION_COOKIE_NAME: 'example-session',
    WONDERWALL_SSO_SERVER_URL: 'https://login.example.test',
  });
  t.after(() => proxy.stop());
  const page = await localFetch(undefined)(`${proxy.origin}/oauth2/login`, {
    headers: { host: 'app.inner.example.test' },
  });
  assert.equal(page.status, 302);
  assert.match(page.headers.get('location') ?? '', /^https:\/\/login\.example\.test\/oauth2\/login\?/);
  assert.deepEqual(await missing(proxy), ['store']);
});

test('a configuration that cannot be used ends with 78, everything wrong named, and nothing secret told (OP-3)', async () => {
  const { code, stderr, stdout } = await runLoginCommand(['--ratelimit.window', 'soon', '--upstraem', 'x'], {
    FULLMAKT_LOGIN_INGRESS: 'http://app.example.test',
    FULLMAKT_LOGIN_OPENID_CLIENT_JWK: '{"d":"hush-hush"}',
    FULLMAKT_LOGIN_STORE: 'redis://user:hush-hush@127.0.0.1:6379',
    FULLMAKT_LOGIN_AUTOLOGIN: 'true',
    FULLMAKT_LOGIN_OPENID_DPOP: 'true',
    FULLMAKT_LOGIN_SHUTDOWN_WAIT_BEFORE_PERIOD: '1m',
  });
  assert.equal(code, 78);
  assert.equal(stdout, '');
  for (const name of [
    '--upstraem',
    'RATELIMIT_WINDOW',
    'INGRESS',
    'OPENID_CLIENT_ID',
    'OPENID_WELL_KNOWN_URL',
    'OPENID_CLIENT_JWK',
    'OPENID_DPOP',
    'SESSION_KEYS',
    'AUTOLOGIN',
    'SHUTDOWN_GRACEFUL_PERIOD',
  ])
    assert.ok(stderr.includes(name), `${name} in\n${stderr}`);
  assert.equal(stderr.includes('hush-hush'), false);
});

test('flags come before variables, variables before the file, and --check starts nothing (17)', async () => {
  const file = join(ground.folder, 'login.yaml');
  writeFileSync(
    file,
    'auto-login: false\nsession: { max-lifetime: 1h, inactivity: true }\ncookie.prefix: file\nstore: "redis://user:hush-hush@127.0.0.1:6379"\nsession-keys: ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]\nrules: [{path: /open, login: exempt}]\n',
  );
  const env = { ...ground.env, WONDERWALL_COOKIE_PREFIX: 'variable', FULLMAKT_LOGIN_SESSION_MAX_LIFETIME: '2h' };
  const { code, stdout, stderr } = await runLoginCommand(
    ['--config', file, '--session.max-lifetime=3h', '--upstream-id-token', '--check', '--json'],
    env,
  );
  assert.equal(code, 0, stderr);
  const { settings } = JSON.parse(stdout);
  assert.partialDeepStrictEqual(settings, {
    'auto-login': true,
    'session.max-lifetime': 10_800,
    'session.inactivity': true,
    'cookie.prefix': 'variable',
    'upstream-id-token': true,
    store: 'redis://[redacted]@127.0.0.1:6379',
    'session-keys': '[redacted]',
    rules: [{ path: '/open', login: 'exempt' }],
  });
  assert.equal(`${stdout}${stderr}`.includes('hush-hush'), false);
});
