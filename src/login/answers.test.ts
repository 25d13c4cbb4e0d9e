import assert from 'node:assert/strict';
import test from 'node:test';
import type { Store } from '../store/store.ts';
import { createMemoryStore } from '../store/memory.ts';
import { HOST, startWorld } from './testing/proxy.ts';

const ROUTES = ['login', 'callback', 'logout', 'logout/callback'] as const;
const DOCUMENT = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const SITE = { 'sec-fetch-site': 'same-origin' };
const FETCH = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', ...SITE };

const GUARDED: readonly (readonly [string, Readonly<Record<string, string>>, 'pass' | 'refused'])[] = [
  ['no headers', {}, 'pass'],
  ['a navigation', { ...DOCUMENT, ...SITE }, 'pass'],
  ['an iframe', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', ...SITE }, 'refused'],
  ['a script', FETCH, 'refused'],
  ['an image', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', ...SITE }, 'refused'],
  ['a mode alone', { 'sec-fetch-mode': 'cors' }, 'pass'],
  ['a destination alone', { 'sec-fetch-dest': 'empty' }, 'pass'],
];

test('A1 routes for navigations refuse iframes and scripts with JSON, pass everything else, and know their methods (RT-1)', async (t) => {
  const { browser } = await startWorld(t);
  const passed = { login: 302, callback: 400, logout: 200, 'logout/callback': 302 };
  for (const route of ROUTES) {
    const path = `/oauth2/${route}`;
    for (const [what, headers, expected] of GUARDED) {
      const answer = await browser.ask(path, { headers, cookies: false });
      assert.equal(answer.status, expected === 'pass' ? passed[route] : 401, `${path} as ${what}`);
      if (expected === 'pass') continue;
      assert.equal(answer.headers['content-type'], 'application/json');
      const body: Record<string, unknown> = JSON.parse(answer.body);
      assert.deepEqual(Object.keys(body), ['error', 'error_description', 'error_path']);
      assert.equal(body['error'], 'unauthenticated');
      assert.equal(body['error_path'], path);
      assert.equal(typeof body['error_description'], 'string');
      assert.deepEqual(answer.setCookies, [], `${path} as ${what}`);
    }
    const posted = await browser.ask(path, {
      method: 'POST',
      headers: { ...DOCUMENT, 'sec-fetch-site': 'cross-site' },
    });
    assert.equal(posted.status, route === 'logout' ? 403 : 405, path);
    const allowed = await browser.ask(path, { method: 'POST', headers: { ...DOCUMENT, ...SITE } });
    assert.equal(allowed.status, route === 'logout' ? 200 : 405, path);
  }
});

const SENTENCE = 'unauthenticated, please log in';

test('A3 the 401 is JSON for whoever lists it, else the bare sentence (AL-3)', async (t) => {
  const { browser } = await startWorld(t);
  const rows: readonly (readonly [string | undefined, 'json' | 'text'])[] = [
    ['*/*', 'json'],
    ['application/json', 'json'],
    ['application/json;q=0.5', 'json'],
    ['text/html, application/json', 'json'],
    ['text/html', 'text'],
    [undefined, 'text'],
  ];
  for (const [accept, form] of rows) {
    const headers = accept === undefined ? FETCH : { ...FETCH, accept };
    const answer = await browser.ask('/api', { headers });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.location, '/oauth2/login', String(accept));
    if (form === 'json') assert.deepEqual(JSON.parse(answer.body), { error: SENTENCE }, String(accept));
    else assert.equal(answer.body, SENTENCE, String(accept));
    assert.match(String(answer.headers['content-type']), form === 'json' ? /^application\/json$/ : /^text\/plain/);
    assert.equal(answer.headers['cache-control'], 'no-store');
  }
});

function redirect(target: string | undefined): string {
  return target === undefined ? '' : `?redirect=${encodeURIComponent(target)}`;
}

test('A3 the 401 leads back to the page the script was on, else to the ingress, else nowhere (AL-3, section 10)', async (t) => {
  const atRoot = await startWorld(t);
  const atApp = await startWorld(t, { env: { FULLMAKT_LOGIN_INGRESS: `https://${HOST}/app` } });
  const rows: readonly (readonly [string | undefined, string | undefined, string | undefined])[] = [
    [`https://${HOST}/app/a?b=c`, '/app/a?b=c', '/app/a?b=c'],
    ['https://evil.test/app/a', undefined, '/app'],
    [undefined, undefined, '/app'],
    [`https://${HOST}/app/oauth2/logout`, '/app/oauth2/logout', '/app'],
    [`https://${HOST}//evil.test`, undefined, '/app'],
    ['no url', undefined, '/app'],
  ];
  for (const [referer, root, app] of rows) {
    const headers = referer === undefined ? FETCH : { ...FETCH, referer };
    const fromRoot = await atRoot.browser.ask('/app/api', { headers });
    assert.equal(fromRoot.headers.location, `/oauth2/login${redirect(root)}`, String(referer));
    const fromApp = await atApp.browser.ask('/app/api', { headers });
    assert.equal(fromApp.headers.location, `/app/oauth2/login${redirect(app)}`, String(referer));
  }
});

test('a form POST without a session gets a page that logs in to the view it was sent from (AL-3, J5)', async (t) => {
  const { browser, seen } = await startWorld(t);
  const headers = { ...DOCUMENT, ...SITE, referer: `https://${HOST}/form?step=2`, 'accept-language': 'nn' };
  const answer = await browser.ask('/save', { method: 'POST', headers, body: 'text=long' });
  assert.equal(answer.status, 401);
  assert.match(answer.body, /<html lang="nn">[^]*Du må logge inn igjen/);
  assert.match(answer.body, /href="\/oauth2\/login\?redirect=%2Fform%3Fstep%3D2"/);
  assert.equal(answer.headers.location, '/oauth2/login?redirect=%2Fform%3Fstep%3D2');
  assert.equal(seen.length, 0);
});

function brokenStore(): Store {
  const store = createMemoryStore({ now: () => 1_800_000_000 });
  return {
    ...store,
    read: () => Promise.reject(new Error('no store')),
  };
}

test('a page where somebody looks, JSON where nobody does: same status, same correlation id (section 15)', async (t) => {
  const { browser } = await startWorld(t);
  const id = { 'x-request-id': 'request-4711' };
  const page = await browser.visit('/oauth2/callback?state=x', { headers: { ...id, 'accept-language': 'en-GB' } });
  assert.equal(page.status, 400);
  assert.equal(page.headers['content-language'], 'en');
  assert.match(page.body, /<code translate="no">request-4711<\/code>/);
  const answer = await browser.ask('/oauth2/callback?state=x', { headers: { ...id, 'accept-language': 'nb' } });
  assert.equal(answer.status, 400);
  assert.equal(answer.headers['content-type'], 'application/json');
  assert.equal(answer.headers['content-language'], 'en');
  const body: Record<string, unknown> = JSON.parse(answer.body);
  assert.deepEqual(Object.keys(body), ['error', 'error_description', 'correlation_id']);
  assert.equal(body['error'], 'invalid_request');
  assert.equal(body['correlation_id'], 'request-4711');
  for (const { headers } of [page, answer]) {
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.match(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/);
  }
});

test('a cancelled login is told in the language it was begun in, and begins again in it (section 15, J4)', async (t) => {
  const { browser, provider } = await startWorld(t, { env: { FULLMAKT_LOGIN_PAGES_LOCALE: 'en' } });
  const nordic = { headers: { 'accept-language': 'nb' } };
  const cases: readonly (readonly [string, Record<string, string>, string, string])[] = [
    ['?redirect=%2Fx&locale=nn', nordic.headers, 'nn', '/oauth2/login?redirect=%2Fx&amp;locale=nn'],
    ['?redirect=%2Fx', nordic.headers, 'nb', '/oauth2/login?redirect=%2Fx'],
    ['?redirect=%2Fx', {}, 'en', '/oauth2/login?redirect=%2Fx'],
    ['?redirect=%2Fx&locale=se', nordic.headers, 'nb', '/oauth2/login?redirect=%2Fx&amp;locale=se'],
  ];
  for (const [query, headers, lang, retry] of cases) {
    provider.bends.callback = { error: 'access_denied', code: undefined };
    const start = await browser.visit(`/oauth2/login${query}`, { headers });
    const page = await browser.visit(await provider.authorize(start.headers.location ?? ''), { headers });
    assert.equal(page.status, 403);
    assert.equal(page.headers['content-language'], lang, query);
    assert.ok(page.body.includes(`<html lang="${lang}">`), query);
    assert.ok(page.body.includes(`href="${retry}"`), page.body);
  }
});

test('a login that cannot begin is retried with all it asked for (section 15)', async (t) => {
  const { browser } = await startWorld(t, { store: brokenStore() });
  const query = 'redirect=%2Fdeep%3Fa%3D1&level=Level4&prompt=login&locale=nn&other=4711';
  const page = await browser.visit(`/oauth2/login?${query}`);
  assert.equal(page.status, 503);
  assert.equal(page.headers['content-language'], 'nn');
  const href = '/oauth2/login?redirect=%2Fdeep%3Fa%3D1&amp;level=Level4&amp;prompt=login&amp;locale=nn';
  assert.ok(page.body.includes(`href="${href}"`), page.body);
  assert.ok(!page.body.includes('4711'));
});

test('a logout sent from another site is a page for people and the bare error for programs (RT-6)', async (t) => {
  const { browser } = await startWorld(t);
  const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test', 'accept-language': 'en' };
  const page = await browser.ask('/oauth2/logout', { method: 'POST', headers: { ...DOCUMENT, ...foreign } });
  assert.equal(page.status, 403);
  assert.match(page.body, /We stopped what you tried to do[^]*<a class="primary" href="\/">/);
  const fetched = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', ...foreign };
  const answer = await browser.ask('/oauth2/logout', { method: 'POST', headers: fetched });
  assert.equal(answer.status, 403);
  assert.deepEqual(JSON.parse(answer.body), { error: 'cross_site_request' });
});
