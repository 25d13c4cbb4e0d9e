import assert from 'node:assert/strict';
import test from 'node:test';
import { StoreUnavailable } from '../store/errors.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import { startWorld } from './testing/proxy.ts';

const ORIGIN = 'https://pages.example.test';
const SCRIPT = { origin: ORIGIN, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-site' };
const ENV = { FULLMAKT_LOGIN_CORS_ORIGINS: ORIGIN, FULLMAKT_LOGIN_PROVIDER: 'openid' };

test('RT-5: pages of allowed origins can read every answer of the session routes, also that the store is down', async (t) => {
  const clock = { seconds: 1_800_000_000 };
  const inner = createMemoryStore({ now: () => clock.seconds });
  let down = false;
  const read: Store['read'] = (key) => (down ? Promise.reject(new StoreUnavailable('down')) : inner.read(key));
  const { browser, logIn } = await startWorld(t, { env: ENV, clock, store: { ...inner, read } });
  const ask = async (path: string, status: number, method = 'GET'): Promise<void> => {
    const answer = await browser.ask(path, { method, headers: SCRIPT });
    const { headers } = answer;
    const shown = [answer.status, headers['access-control-allow-origin'], headers['access-control-allow-methods']];
    assert.deepEqual(shown, [status, ORIGIN, 'GET, POST'], `${method} ${path}`);
    assert.equal(headers.vary, 'Origin');
  };
  await ask('/oauth2/session', 401);
  await logIn();
  await ask('/oauth2/session', 200);
  await ask('/oauth2/session/refresh', 200, 'POST');
  down = true;
  await ask('/oauth2/session', 503);
  await ask('/oauth2/session/refresh', 503, 'POST');
});

test('RT-5: they can read that login and logout are no routes for scripts, and never a page with an ID token in it', async (t) => {
  const { browser, logIn } = await startWorld(t, { env: { ...ENV, FULLMAKT_LOGIN_LOGOUT_METHOD: 'POST' } });
  await logIn();
  for (const path of ['/oauth2/login', '/oauth2/logout']) {
    const answer = await browser.ask(path, { headers: SCRIPT });
    assert.equal(answer.status, 401, path);
    assert.equal(answer.headers['access-control-allow-origin'], ORIGIN, path);
    assert.equal(answer.headers['access-control-allow-methods'], 'GET, HEAD', path);
    const stranger = await browser.ask(path, { headers: { ...SCRIPT, origin: 'https://evil.test' } });
    assert.equal(stranger.headers['access-control-allow-origin'], undefined, path);
  }
  for (const method of ['GET', 'POST']) {
    const old = await browser.ask('/oauth2/logout', { method, headers: { origin: ORIGIN } });
    assert.equal(old.status, 200, method);
    assert.match(String(old.headers['content-type']), /text\/html/, method);
    assert.equal(old.headers['access-control-allow-origin'], undefined, method);
    await logIn();
  }
});
