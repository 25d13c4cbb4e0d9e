import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { json } from '../../src/web/http.ts';
import { serve } from '../../src/web/serve.ts';
import { startLoginCommand } from '../servers/login-command.ts';
import {
  ask,
  COOLDOWN_SECONDS,
  echoed,
  keyCredential,
  sessionStatus,
  signedIn,
  startForeignWorldWith,
  userinfo,
} from './foreign-world.ts';

/* `fullmakt login` as it is started for real, in front of an application and as a client of oidc-provider. */

const app = await serve({
  name: 'app',
  setting: '-',
  host: '127.0.0.1',
  port: 0,
  handle: ({ target, headers }) => json(200, { target, authorization: headers.authorization ?? null }),
});
after(() => app.close(0));
const { client, settings } = await keyCredential('ES256');
const world = await startForeignWorldWith(client, (ingress, own) =>
  startLoginCommand({
    ...own,
    ...settings,
    FULLMAKT_LOGIN_INGRESS: ingress,
    FULLMAKT_LOGIN_BIND_ADDRESS: new URL(ingress).host,
    FULLMAKT_LOGIN_UPSTREAM: app.origin,
    FULLMAKT_LOGIN_ALLOW_LOCAL_PROVIDERS: 'true',
    FULLMAKT_LOGIN_AUTO_LOGIN: 'true',
    FULLMAKT_LOGIN_LOG_FORMAT: 'json',
    NODE_OPTIONS: `--import=${new URL('../servers/login-clock.ts', import.meta.url).href}`,
    TEST_CLOCK_STEP_MS: String(COOLDOWN_SECONDS * 1000),
  }),
);
after(async () => {
  await world.proxy.stop();
  await world.provider.close();
});

/** Lets the process’s clock go on until a refresh is allowed again. */
async function waitOutCooldown(): Promise<void> {
  world.proxy.child.kill('SIGUSR2');
  // A signal is taken between two turns of the process: an answer after it shows that it was.
  await fetch(`${world.proxy.metrics}/healthz`);
}

test('signs in, refreshes under new keys of the provider, and is signed out over the back channel', async () => {
  const { browser, page } = await signedIn(world);
  assert.equal(page.url, `${world.app}/some/page?q=1`);
  const { authorization } = echoed(page);
  assert.deepEqual(await userinfo(world, authorization), { sub: 'kari' });
  await world.provider.rotateKeys();
  await waitOutCooldown();
  assert.equal((await ask(world, browser, ['POST', '/oauth2/session/refresh'])).status, 200);
  const refreshed = echoed(await browser.open(`${world.app}/again`)).authorization;
  assert.notEqual(refreshed, authorization);
  assert.deepEqual(await userinfo(world, refreshed), { sub: 'kari' });
  const told = world.provider.next('backchannel.success');
  const confirm = await browser.open(`${world.provider.issuer}/session/end`);
  await browser.submit(confirm, 'op.logoutForm', { logout: 'yes' });
  await told;
  assert.equal(await sessionStatus(world, browser), 401);
  assert.deepEqual(world.provider.failures, []);
});

test('logs out at the provider, ends when it is told to, and what it said on the way names no token, code or state', async () => {
  const { browser, page } = await signedIn(world, 'ola');
  const { authorization } = echoed(page);
  const confirm = await browser.open(`${world.app}/oauth2/logout`, { 'sec-fetch-site': 'same-origin' });
  const back = await browser.submit(confirm, 'op.logoutForm', { logout: 'yes' });
  assert.match(back.html, /name="login"/);
  assert.equal(await sessionStatus(world, browser), 401);
  const secrets = browser.visited.flatMap((url) => {
    const { searchParams } = new URL(url);
    return ['code', 'state', 'id_token_hint', 'request_uri'].flatMap((name) => searchParams.get(name) ?? []);
  });
  assert.ok(secrets.length > 3);
  assert.equal(await world.proxy.stop(), 0);
  for (const secret of [...secrets, authorization.slice('Bearer '.length)])
    assert.equal(world.proxy.said().includes(secret), false);
});
