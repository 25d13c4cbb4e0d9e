import assert from 'node:assert/strict';
import test from 'node:test';
import { HOST, startWorld } from '../testing/proxy.ts';

test('exempt-and-options-are-stripped, own-cookies-not-forwarded, folded-names-stripped (L4, W9, L3, HD-1)', async (t) => {
  const rules = [
    { path: '/pre', preflight: 'upstream' },
    { path: '/public/**', login: 'exempt' },
  ];
  const { browser, seen } = await startWorld(t, { env: { FULLMAKT_LOGIN_RULES: JSON.stringify(rules) } });
  const planted = {
    authorization: 'Bearer forged',
    'X-Wonderwall-Id-Token': 'forged',
    'X_Wonderwall.Id_Token': 'forged',
    'x-fullmakt-user': 'forged',
    'X-Forwarded-User': 'forged',
    X_Forwarded_For: 'forged',
    forwarded: 'for=forged',
    'X-Real-IP': 'forged',
    'X-Original-URL': '/forged',
    'X-Forwarded': 'for=forged',
    Proxy: 'http://forged.test',
    X_Rewrite_Url: '/forged',
    cookie: 'fullmakt.session=forged; theme=dark; __Host-fullmakt.login.abc=forged',
  };
  await browser.ask('/public/x', { headers: planted });
  await browser.ask('/pre', { method: 'OPTIONS', headers: { ...planted, 'access-control-request-method': 'PUT' } });
  assert.equal(seen.length, 2);
  for (const request of seen) {
    assert.ok(!request.rawHeaders.some((value) => value.includes('forged')), request.rawHeaders.join('|'));
    assert.equal(request.headers.cookie, 'theme=dark');
    assert.equal(request.headers['x-forwarded-host'], HOST);
    assert.equal(request.headers['x-forwarded-proto'], 'https');
    assert.equal(request.headers.host, HOST);
  }
});

test('sixty-spellings-none-arrive: owned names in any case and separator (HD-1, A12)', async (t) => {
  const { browser, seen } = await startWorld(t, { env: { FULLMAKT_LOGIN_AUTO_LOGIN: 'false' } });
  const names = ['x-wonderwall-id-token', 'x-forwarded-user', 'x-fullmakt-pid', 'x-real-ip', 'x-original-uri'];
  const spellings = names.flatMap((name) =>
    ['-', '_', '.', '~', '!', '*'].flatMap((separator) => {
      const spelled = name.replaceAll('-', separator);
      return [spelled, spelled.toUpperCase()];
    }),
  );
  assert.equal(spellings.length, 60);
  for (const name of spellings) {
    await browser.ask('/x', { headers: { [name]: 'forged' } });
    assert.ok(!seen.at(-1)?.rawHeaders.includes('forged'), name);
  }
});

test('Connection cannot make the application lose a header of ours (HD-2, A12)', async (t) => {
  const { browser, seen, logIn } = await startWorld(t);
  await logIn();
  await browser.visit('/x', { headers: { connection: 'Authorization, X-Forwarded-Proto, close' } });
  assert.match(seen.at(-1)?.headers.authorization ?? '', /^Bearer access-/);
  assert.equal(seen.at(-1)?.headers['x-forwarded-proto'], 'https');
  // Guessing the very value we set must not help either.
  const guessed = {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': HOST,
    'x-forwarded-proto': 'https',
    connection: 'X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto, close',
  };
  await browser.visit('/x', { headers: guessed });
  assert.equal(seen.at(-1)?.headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(seen.at(-1)?.headers['x-forwarded-host'], HOST);
  assert.equal(seen.at(-1)?.headers['x-forwarded-proto'], 'https');
});

test('forwarded-uri-from-stranger-ignored: no header of a client chooses host, scheme or rule (L2, PX-1)', async (t) => {
  const { browser, seen } = await startWorld(t, { env: { FULLMAKT_LOGIN_AUTO_LOGIN_IGNORE_PATHS: '/public/**' } });
  const headers = {
    'x-forwarded-uri': '/public/x',
    'x-original-url': '/public/x',
    'x-forwarded-host': 'evil.test',
    'x-forwarded-for': '9.9.9.9',
  };
  assert.equal((await browser.ask('/admin', { headers })).status, 401);
  await browser.ask('/public/x', { headers });
  assert.equal(seen.at(-1)?.headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(seen.at(-1)?.headers['x-forwarded-host'], HOST);
});

test('answers keep their cookies but not ones with our names, and are private with a session (HD-4)', async (t) => {
  const { browser, logIn } = await startWorld(t, {
    app: () => ({
      status: 200,
      headers: {
        'Set-Cookie': [
          'theme=dark',
          '__Host-fullmakt.session=planted; Path=/; Secure',
          'fullmakt.login.x=y',
          '=fullmakt.session=nameless',
          ' = __Secure-fullmakt.counter=nameless',
        ],
      },
      body: 'x',
    }),
  });
  await logIn();
  const answer = await browser.visit('/x');
  assert.deepEqual(answer.setCookies, ['theme=dark']);
  assert.equal(answer.headers['cache-control'], 'private');
});
