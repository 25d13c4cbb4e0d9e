import assert from 'node:assert/strict';
import test from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { DEFAULT_URL, DOMAIN, SHARED_COOKIE, signedInAtA, startDomain } from '../testing/domain.ts';

function refuse(): never {
  throw new Error('a proxy wrote to the store');
}

/** A store that fails a test when anything is written through it. */
function readOnly(store: Store): Store {
  return {
    ...store,
    create: refuse,
    update: refuse,
    put: refuse,
    delete: refuse,
    take: refuse,
    once: refuse,
    lease: refuse,
    addToIndex: refuse,
    removeFromIndex: refuse,
    publish: refuse,
  };
}

test('a deep link at A leads through the server and back to it; B is signed in without a login (section 12)', async (t) => {
  const domain = await startDomain(t);
  const browser = domain.newBrowser();
  const landed = await browser.follow(domain.a, '/deep?x=1');
  assert.equal(landed.status, 200);
  assert.equal(landed.url, `${domain.a.origin}/deep?x=1`);
  const there = await browser.visit(domain.b, '/other');
  assert.equal(there.status, 200);
  assert.match(String(domain.b.world.seen.at(-1)?.headers.authorization), /^Bearer access-/);
  assert.equal(domain.provider.callsTo('token').length, 1);
});

test('SE-1: the shared cookie has exactly its configured name and the whole domain; all others stay with the host', async (t) => {
  const domain = await startDomain(t);
  const browser = domain.newBrowser();
  const start = await browser.visit(domain.server, '/oauth2/login');
  assert.ok(start.setCookies.length > 0);
  for (const cookie of start.setCookies) assert.doesNotMatch(cookie, /Domain=/);
  const end = await browser.visit(domain.server, await domain.provider.authorize(start.headers.location ?? ''));
  const session = end.setCookies.find((cookie) => cookie.startsWith(`${SHARED_COOKIE}=`)) ?? '';
  assert.match(session, new RegExp(`; Path=/; Domain=${DOMAIN}; HttpOnly; Secure; SameSite=Lax$`));
  assert.ok(session.length < 300);
  assert.equal(end.headers.location, DEFAULT_URL);
});

test('HD-4: neither application sees the shared cookie, nor can it set it', async (t) => {
  let setsCookies: readonly string[] = [];
  const domain = await startDomain(t, { app: () => ({ status: 200, headers: { 'Set-Cookie': setsCookies } }) });
  const browser = await signedInAtA(domain);
  const ticket = browser.at(domain.b).jar.get(SHARED_COOKIE) ?? '';
  await browser.visit(domain.b, '/', { headers: { cookie: `${SHARED_COOKIE}=${ticket}; theirs=1` } });
  assert.equal(domain.b.world.seen.at(-1)?.headers.cookie, 'theirs=1');
  setsCookies = [`${SHARED_COOKIE}=planted; Domain=${DOMAIN}; Path=/`, 'theirs=2'];
  assert.deepEqual((await browser.visit(domain.b, '/')).setCookies, ['theirs=2']);
});

test('a proxy neither writes to the store nor refreshes, and says that nothing refreshes by itself', async (t) => {
  const store = createMemoryStore({ now: () => 1_800_000_000 });
  const domain = await startDomain(t, { store, storeOfProxies: readOnly(store) });
  const browser = await signedInAtA(domain);
  domain.clock.seconds += 3580;
  assert.equal((await browser.visit(domain.a, '/')).status, 200);
  assert.equal(domain.provider.callsTo('token').length, 1);
  const session = await browser.ask(domain.a, '/oauth2/session');
  assert.equal(session.status, 200);
  assert.equal(JSON.parse(session.body).tokens.next_auto_refresh_in_seconds, -1);
  domain.clock.seconds += 3600;
  assert.equal((await browser.visit(domain.a, '/')).status, 302);
});

test('a page of A refreshes by way of its own host; a page of another site does not (J11, section 12)', async (t) => {
  const domain = await startDomain(t);
  const browser = await signedInAtA(domain);
  domain.clock.seconds += 3580;
  const script = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
  const refused = await browser.ask(domain.a, '/oauth2/session/refresh', {
    method: 'POST',
    headers: { ...script, 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' },
  });
  assert.equal(refused.status, 403);
  const done = await browser.ask(domain.a, '/oauth2/session/refresh', {
    method: 'POST',
    headers: { ...script, 'sec-fetch-site': 'same-origin', origin: domain.a.origin },
  });
  assert.equal(done.status, 200);
  assert.equal(domain.provider.callsTo('token').length, 2);
  const sister = await browser.ask(domain.server, '/oauth2/session/refresh', {
    method: 'POST',
    headers: { ...script, 'sec-fetch-site': 'same-site', origin: domain.b.origin },
  });
  assert.equal(sister.status, 200);
  assert.equal(sister.headers['access-control-allow-origin'], domain.b.origin);
});

test('each proxy demands its own level, whatever the session was good for elsewhere (SS-1)', async (t) => {
  const domain = await startDomain(t, {
    server: { FULLMAKT_LOGIN_OPENID_ACR_VALUES: 'idporten-loa-substantial' },
    proxies: { FULLMAKT_LOGIN_OPENID_ACR_VALUES: 'idporten-loa-substantial' },
    a: { FULLMAKT_LOGIN_OPENID_ACR_VALUES: 'idporten-loa-high' },
  });
  const browser = domain.newBrowser();
  assert.equal((await browser.follow(domain.b, '/')).status, 200);
  const asked = await browser.visit(domain.a, '/x');
  assert.equal(asked.status, 302);
  const onward = await browser.visit(domain.a, asked.headers.location ?? '');
  assert.equal(new URL(onward.headers.location ?? '').searchParams.get('level'), 'idporten-loa-high');
  assert.equal((await browser.follow(domain.a, '/x')).status, 200);
  assert.equal((await browser.visit(domain.b, '/')).status, 200);
});

test('what a proxy is asked at its own login goes on to the server, with an absolute way back', async (t) => {
  const domain = await startDomain(t);
  const browser = domain.newBrowser();
  const asked = '/oauth2/login?redirect=%2Fx&level=Level3&locale=nn&prompt=login&domain_hint=nav.no&provider=y';
  const onward = await browser.visit(domain.a, asked);
  assert.equal(onward.headers['referrer-policy'], 'origin');
  const url = new URL(onward.headers.location ?? '');
  assert.equal(url.origin + url.pathname, `${domain.server.origin}/oauth2/login`);
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    redirect: `${domain.a.origin}/x`,
    level: 'Level3',
    locale: 'nn',
    prompt: 'login',
    domain_hint: 'nav.no',
    provider: 'y',
  });
  const plain = new URL((await browser.visit(domain.a, '/oauth2/login')).headers.location ?? '').searchParams;
  assert.deepEqual(Object.fromEntries(plain), {
    redirect: `${domain.a.origin}/`,
    level: 'idporten-loa-high',
    locale: 'nb',
  });
  assert.equal((await browser.visit(domain.a, '/oauth2/callback?code=x')).headers.location, '/oauth2/login');
  assert.equal(
    (await browser.visit(domain.a, '/oauth2/logout/callback')).headers.location,
    `${domain.server.origin}/oauth2/logout`,
  );
  assert.equal((await browser.ask(domain.a, '/oauth2/ping')).body, 'pong');
});

test('RT-1, RT-2: at a proxy too no login begins in a frame or by script, by HEAD or ahead of its user', async (t) => {
  const { a, server, newBrowser } = await startDomain(t);
  const browser = newBrowser();
  for (const route of ['login', 'callback', 'logout', 'logout/callback']) {
    const framed = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };
    assert.equal((await browser.ask(a, `/oauth2/${route}`, { headers: framed })).status, 401, route);
  }
  const head = await browser.visit(a, '/oauth2/login?redirect=/x', { method: 'HEAD' });
  assert.equal(head.headers.location, `${server.origin}/oauth2/login`);
  assert.equal((await browser.visit(a, '/oauth2/login', { headers: { 'sec-purpose': 'prefetch' } })).status, 503);
});

test('the server has no application: its front leads to login, everything else to the default URL (section 1)', async (t) => {
  const { server, newBrowser } = await startDomain(t);
  const browser = newBrowser();
  assert.equal((await browser.visit(server, '/')).headers.location, '/oauth2/login');
  for (const path of ['/x', '/x/y?z', '/favicon.ico']) {
    const answer = await browser.visit(server, path);
    assert.deepEqual([answer.status, answer.headers.location], [302, DEFAULT_URL]);
  }
  assert.equal((await browser.ask(server, '/x', { method: 'POST' })).headers.location, DEFAULT_URL);
  assert.equal((await browser.visit(server, '/oauth2/nothing')).status, 404);
  assert.equal(server.world.seen.length, 0);
});

test('T07 a cookie that a sibling host planted signs nobody in, and two of them are none and cleared', async (t) => {
  const domain = await startDomain(t);
  const browser = await signedInAtA(domain);
  const ticket = browser.at(domain.a).jar.get(SHARED_COOKIE) ?? '';
  const planted = [
    ticket.slice(0, -2) + (ticket.endsWith('AA') ? 'BB' : 'AA'),
    Buffer.from(Buffer.alloc(102, 1)).toString('base64url'),
    'x',
  ];
  for (const value of planted) {
    for (const place of [domain.a, domain.server]) {
      const path = place === domain.a ? '/' : '/oauth2/session';
      const answer = await browser.at(place).visit(path, {
        cookies: false,
        headers: { cookie: `${SHARED_COOKIE}=${value}` },
      });
      assert.ok(answer.status === 302 || answer.status === 401, String(answer.status));
    }
  }
  for (const pair of [
    `${SHARED_COOKIE}=${ticket}; ${SHARED_COOKIE}=x`,
    `${SHARED_COOKIE}=x; ${SHARED_COOKIE}=${ticket}`,
  ]) {
    const answer = await browser.at(domain.a).visit('/', { cookies: false, headers: { cookie: pair } });
    assert.equal(answer.status, 302);
    assert.match(answer.setCookies.join('\n'), new RegExp(`^${SHARED_COOKIE}=;.*Domain=${DOMAIN};`, 'm'));
  }
  assert.equal((await browser.visit(domain.a, '/')).status, 200);
});

test('a session of the server is none for a program with another key, nor under another cookie name', async (t) => {
  const domain = await startDomain(t, { a: { FULLMAKT_LOGIN_SESSION_KEYS: Buffer.alloc(32, 9).toString('base64') } });
  const browser = domain.newBrowser();
  assert.equal((await browser.follow(domain.b, '/')).status, 200);
  assert.equal((await browser.visit(domain.a, '/')).status, 302);
});

test('RT-5: pages of every host of the domain may read the answers; look-alikes, other ports and http may not', async (t) => {
  const domain = await startDomain(t);
  const browser = await signedInAtA(domain);
  const allowed = [`https://${DOMAIN}`, `https://x.${DOMAIN}`, `https://y.x.${DOMAIN}`];
  const others = [
    `https://not${DOMAIN}`,
    `https://${DOMAIN}.evil.test`,
    `https://x.${DOMAIN}:8443`,
    `http://x.${DOMAIN}`,
    `https://u@x.${DOMAIN}`,
    'null',
  ];
  for (const place of [domain.server, domain.a]) {
    for (const origin of [...allowed, ...others]) {
      const answer = await browser.ask(place, '/oauth2/session', { headers: { origin } });
      const said = allowed.includes(origin) ? origin : undefined;
      assert.equal(answer.headers['access-control-allow-origin'], said, origin);
      assert.equal(answer.headers['access-control-allow-credentials'], said && 'true');
    }
  }
});
