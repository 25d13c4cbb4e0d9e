import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { HOST, startWorld } from './testing/proxy.ts';

const FETCH = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };

test('denied-request-never-reaches-upstream: without a session navigations go to login, all else is 401 (A2, L15)', async (t) => {
  const { browser, seen } = await startWorld(t);
  assert.equal((await browser.visit('/x')).status, 302);
  assert.equal((await browser.ask('/x', { headers: { accept: 'text/html' } })).status, 302);
  assert.equal((await browser.ask('/x', { headers: { ...FETCH, accept: 'text/html' } })).status, 401);
  assert.equal(
    (await browser.ask('/x', { headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' } })).status,
    401,
  );
  for (const method of ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    assert.equal((await browser.ask('/x', { method, headers: { accept: 'text/html' } })).status, 401, method);
  }
  assert.equal(seen.length, 0);
});

test('nothing-keyed-on-user-agent: probes and health paths are like any other (L15, OP-1)', async (t) => {
  const { browser } = await startWorld(t);
  for (const agent of ['kube-probe/1.30', 'GoogleHC/1.0', 'ELB-HealthChecker/2.0']) {
    assert.equal((await browser.ask('/x', { headers: { 'user-agent': agent } })).status, 401);
  }
  for (const path of ['/healthz', '/readyz', '/metrics', '/debug/pprof'])
    assert.equal((await browser.ask(path)).status, 401, path);
});

test('xhr-gets-401-location-cors: the 401 names where to log in, in the form asked for (AL-3, L13, A3)', async (t) => {
  const { browser } = await startWorld(t, { env: { FULLMAKT_LOGIN_CORS_ORIGINS: 'https://other.example.test' } });
  const ask = async (headers: Record<string, string>): ReturnType<typeof browser.ask> =>
    browser.ask('/api', { headers: { ...FETCH, ...headers } });
  for (const accept of ['*/*', 'application/json', 'application/json;q=0.5']) {
    assert.deepEqual(JSON.parse((await ask({ accept })).body), { error: 'unauthenticated, please log in' });
  }
  const text = await ask({ accept: 'text/html' });
  assert.equal(text.body, 'unauthenticated, please log in');
  assert.match(String(text.headers['content-type']), /^text\/plain/);
  assert.equal(
    (await ask({ referer: `https://${HOST}/page?a=b` })).headers.location,
    '/oauth2/login?redirect=%2Fpage%3Fa%3Db',
  );
  assert.equal((await ask({ referer: 'https://evil.test/page' })).headers.location, '/oauth2/login');
  assert.equal((await ask({})).headers.location, '/oauth2/login');
  const cross = await ask({ origin: 'https://other.example.test' });
  assert.equal(cross.headers['access-control-allow-origin'], 'https://other.example.test');
  assert.equal(cross.headers['access-control-expose-headers'], 'Location');
  assert.equal((await ask({ origin: 'https://evil.test' })).headers['access-control-allow-origin'], undefined);
});

test('a form POST after the session is gone gets a page, and nothing is sent upstream (AL-3)', async (t) => {
  const { browser, seen } = await startWorld(t);
  const answer = await browser.visit('/form', { method: 'POST', body: 'a=b' });
  assert.equal(answer.status, 401);
  assert.match(answer.body, /Du må logge inn igjen/);
  assert.equal(seen.length, 0);
});

test('autologin-redirect-is-request-uri: path and query come back re-encoded (AL-2, W15)', async (t) => {
  const { browser } = await startWorld(t);
  assert.equal(
    (await browser.visit('/a%20b?c=d&e=%2F')).headers.location,
    `/oauth2/login?redirect=${encodeURIComponent('/a%20b?c=d&e=%2F')}`,
  );
});

test('exempt paths reach the application without identity, rules in order (9.4, AL-4)', async (t) => {
  const rules = [
    { path: '/public/**', login: 'exempt' },
    { path: '/maybe', login: 'optional' },
  ];
  const { browser, seen, logIn } = await startWorld(t, {
    env: { FULLMAKT_LOGIN_RULES: JSON.stringify(rules), FULLMAKT_LOGIN_AUTO_LOGIN_IGNORE_PATHS: '/open/*' },
  });
  for (const path of ['/public/a/b', '/maybe', '/open/x', '/favicon.ico', '/robots.txt']) {
    assert.equal((await browser.visit(path)).status, 200, path);
    assert.equal(seen.at(-1)?.headers.authorization, undefined);
  }
  await logIn();
  await browser.visit('/public/a');
  assert.match(seen.at(-1)?.headers.authorization ?? '', /^Bearer access-/);
});

test('suffix-tricks-stay-enforced: nothing after an exempt path widens it (W6, L1)', async (t) => {
  const { browser, seen } = await startWorld(t, { env: { FULLMAKT_LOGIN_AUTO_LOGIN_IGNORE_PATHS: '/public/**' } });
  const paths = [
    '/admin?x=/public/',
    '/admin%23/public/a',
    '/admin%3F/public',
    '/admin;/public',
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/public/..;/admin',
    '/public%2f..%2fadmin',
    '/public//x',
    '/public/%00',
    '/admin%252fpublic',
    '/publicity',
  ];
  for (const path of paths) assert.ok([302, 400].includes((await browser.visit(path)).status), path);
  assert.equal(seen.length, 0);
});

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

test('inbound Authorization passes only where a rule says so, and a session always wins (9.4)', async (t) => {
  const rules = [{ path: '/api/**', authorization: 'pass' }];
  const { browser, seen, logIn } = await startWorld(t, { env: { FULLMAKT_LOGIN_RULES: JSON.stringify(rules) } });
  const headers = { authorization: 'Bearer service' };
  assert.equal((await browser.ask('/api/x', { headers })).status, 200);
  assert.equal(seen.at(-1)?.headers.authorization, 'Bearer service');
  assert.equal((await browser.ask('/other', { headers })).status, 401);
  const twice = { authorization: ['Bearer service', 'Bearer other'] };
  assert.equal((await browser.ask('/api/x', { headers: twice })).status, 401);
  await logIn();
  await browser.ask('/api/x', { headers });
  assert.match(seen.at(-1)?.headers.authorization ?? '', /^Bearer access-/);
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

test('proxied-requests-never-write: one read of the store and nothing else (ST-2, L6)', async (t) => {
  const world = await startWorld(t);
  await world.logIn();
  const used: string[] = [];
  const { store } = world;
  const spied = new Map(Object.entries(store).filter(([, member]) => typeof member === 'function'));
  for (const [name, member] of spied) {
    Object.assign(store, {
      [name]: (...args: unknown[]) => {
        used.push(name);
        return (member as (...all: unknown[]) => unknown)(...args);
      },
    });
  }
  for (let request = 0; request < 3; request += 1) assert.equal((await world.browser.visit('/x')).status, 200);
  assert.deepEqual(used, ['read', 'read', 'read']);
  used.length = 0;
  await world.newBrowser().ask('/x');
  assert.deepEqual(used, []);
});

test('the application down is 502 with no body, and the proxy lives on (HD-5)', async (t) => {
  const { browser } = await startWorld(t, {
    env: { FULLMAKT_LOGIN_UPSTREAM: 'http://127.0.0.1:1', FULLMAKT_LOGIN_AUTO_LOGIN: 'false' },
  });
  const answer = await browser.ask('/x');
  assert.equal(answer.status, 502);
  assert.equal(answer.body, '');
});

test('a WebSocket is joined only after the same decision and the application’s 101 (WS-1, A2)', async (t) => {
  const app = createServer();
  const authorizations: (string | undefined)[] = [];
  app.on('upgrade', (request, socket) => {
    authorizations.push(request.headers.authorization);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello');
    socket.on('data', (data) => socket.end(data));
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  t.after(() => app.close());
  const upstream = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  const world = await startWorld(t, { env: { FULLMAKT_LOGIN_UPSTREAM: upstream } });
  const dial = (cookie: string): Promise<{ status: number; received: string }> =>
    new Promise((resolve, reject) => {
      const headers = {
        host: HOST,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        cookie,
      };
      const outgoing = httpRequest({ host: '127.0.0.1', port: world.port, path: '/ws', headers, agent: false });
      outgoing.on('response', (answer) => {
        answer.resume();
        resolve({ status: answer.statusCode ?? 0, received: '' });
      });
      outgoing.on('upgrade', (answer, socket, head) => {
        let received = head.toString();
        socket.on('data', (data: Buffer) => {
          received += data.toString();
        });
        socket.on('close', () => resolve({ status: answer.statusCode ?? 0, received }));
        socket.write('ping');
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  assert.equal((await dial('none=1')).status, 401);
  await world.logIn();
  const joined = await dial([...world.browser.jar].map(([name, value]) => `${name}=${value}`).join('; '));
  assert.equal(joined.status, 101);
  assert.equal(joined.received, 'helloping');
  assert.match(authorizations[0] ?? '', /^Bearer access-/);
});

test('service hosts reach the application without sessions and without our routes (RO-2)', async (t) => {
  const { newBrowser } = await startWorld(t, {
    env: { FULLMAKT_LOGIN_SERVICE_HOSTS: 'app.ns', FULLMAKT_LOGIN_AUTO_LOGIN: 'false' },
  });
  const inside = newBrowser('app.ns');
  assert.equal((await inside.ask('/x')).status, 200);
  assert.equal((await inside.ask('/oauth2/login')).status, 404);
});

test('methods of a rule count in any spelling: a rule that demands login is never skipped for its case (9.4)', async (t) => {
  const rules = [{ path: '/admin/**', methods: ['post', 'Get'], login: 'enforce' }];
  const { browser } = await startWorld(t, {
    env: { FULLMAKT_LOGIN_RULES: JSON.stringify(rules), FULLMAKT_LOGIN_AUTO_LOGIN: 'false' },
  });
  assert.equal((await browser.ask('/admin/x', { method: 'POST' })).status, 401);
  assert.equal((await browser.ask('/admin/x')).status, 401);
  assert.equal((await browser.ask('/admin/x', { method: 'PUT' })).status, 200);
});

test('a page address too long to come back to loses its query, and login still begins (AL-2, OP-4)', async (t) => {
  const { browser } = await startWorld(t);
  const location = (await browser.visit(`/search?q=${'%20'.repeat(2000)}`)).headers.location ?? '';
  assert.equal(location, '/oauth2/login?redirect=%2Fsearch');
  assert.equal((await browser.visit(`/${'a'.repeat(4000)}`)).headers.location, '/oauth2/login');
  assert.equal((await browser.visit(location)).status, 302);
});
