import assert from 'node:assert/strict';
import test from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { DOMAIN, SHARED_COOKIE, signedInAtA, startDomain } from '../testing/domain.ts';

test('logging out at A ends the session for B as well, at once', async (t) => {
  const domain = await startDomain(t);
  const browser = await signedInAtA(domain);
  const ticket = browser.at(domain.b).jar.get(SHARED_COOKIE) ?? '';
  const out = await browser.visit(domain.a, `/oauth2/logout?redirect=${encodeURIComponent('/bye')}`);
  assert.equal(out.status, 302);
  assert.equal(out.headers['referrer-policy'], 'origin');
  const location = new URL(out.headers.location ?? '');
  assert.equal(location.searchParams.get('redirect'), `${domain.a.origin}/bye`);
  // As a browser follows it: same site, and the origin of A's page as the referrer.
  const at = await browser.visit(domain.server, location.pathname + location.search, {
    headers: { 'sec-fetch-site': 'same-site', referer: `${domain.a.origin}/` },
  });
  assert.equal(at.status, 200);
  const policy = String(at.headers['content-security-policy']);
  assert.ok(policy.includes(` https://${DOMAIN} https://*.${DOMAIN}`), 'the form leads on to the hosts of the domain');
  const [, state = ''] = /name="state" value="([^"]+)"/.exec(at.body) ?? [];
  const back = await browser.visit(domain.server, `/oauth2/logout/callback?state=${state}`);
  assert.equal(back.headers.location, `${domain.a.origin}/bye`);
  const answer = await browser.visit(domain.b, '/', { headers: { cookie: `${SHARED_COOKIE}=${ticket}` } });
  assert.equal(answer.status, 302);
});

test('a link to logout on a hostile page is asked about at the server, by way of the proxy too (J9, RT-6)', async (t) => {
  const domain = await startDomain(t);
  const browser = await signedInAtA(domain);
  const hostile = { 'sec-fetch-site': 'cross-site', referer: 'https://evil.test/' };
  const out = await browser.visit(domain.a, '/oauth2/logout', { headers: hostile });
  const { pathname } = new URL(out.headers.location ?? '');
  const page = await browser.visit(domain.server, pathname, { headers: hostile });
  assert.match(page.body, /<button/);
  assert.equal((await browser.visit(domain.b, '/')).status, 200);
});

test('A14 a front-channel logout at the server or at a proxy ends the session of every host, with a wrong issuer nothing', async (t) => {
  const domain = await startDomain(t);
  const { issuer } = domain.provider;
  const framed = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' };
  const cases: readonly (readonly [string, number, boolean])[] = [
    [`sid=sid-1&iss=${encodeURIComponent('https://evil.test')}`, 400, false],
    ['sid=sid-1', 400, false],
    [`iss=${encodeURIComponent(issuer)}`, 202, false],
    [`sid=unknown&iss=${encodeURIComponent(issuer)}`, 200, false],
    [`sid=sid-1&iss=${encodeURIComponent(issuer)}`, 200, true],
  ];
  for (const place of [domain.server, domain.a]) {
    // Later than the marker that keeps a login from overtaking the logout before.
    domain.clock.seconds += 700;
    const browser = await signedInAtA(domain);
    for (const [query, status, ends] of cases) {
      const path = `/oauth2/logout/frontchannel?${query}`;
      const answer = await browser.at(place).ask(path, { cookies: false, headers: framed });
      assert.equal(answer.status, status, query);
      assert.equal((await browser.visit(domain.b, '/')).status, ends ? 302 : 200, query);
    }
  }
});

test('A14 a front-channel logout while the store is down is taken up later: 202, at the server and through a proxy', async (t) => {
  const store = createMemoryStore({ now: () => 1_800_000_000 });
  let down = false;
  const failing: Store = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || name === 'close' || name === 'subscribe') return value;
      return (...args: unknown[]): unknown => {
        if (down) return Promise.reject(new Error('down'));
        return Reflect.apply(value, target, args);
      };
    },
  });
  const domain = await startDomain(t, { store: failing });
  const browser = await signedInAtA(domain);
  down = true;
  const query = `sid=sid-1&iss=${encodeURIComponent(domain.provider.issuer)}`;
  for (const place of [domain.server, domain.a]) {
    const answer = await browser.at(place).ask(`/oauth2/logout/frontchannel?${query}`, { cookies: false });
    assert.equal(answer.status, 202);
  }
  assert.equal((await browser.visit(domain.a, '/')).status, 503);
  down = false;
});
