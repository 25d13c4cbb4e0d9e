import assert from 'node:assert/strict';
import test from 'node:test';
import { signedInAtA, startDomain } from '../testing/domain.ts';

test('SU-2: a younger sign-in that a proxy demands leaves the session as it is until there is one, at the server too', async (t) => {
  const rules = JSON.stringify([{ path: '/young/**', maxAgeSeconds: 60 }]);
  const domain = await startDomain(t, { a: { FULLMAKT_LOGIN_RULES: rules } });
  const browser = await signedInAtA(domain);
  domain.clock.seconds += 100;
  const denied = await browser.visit(domain.a, '/young/x');
  const onward = await browser.visit(domain.a, denied.headers.location ?? '');
  const { pathname, search } = new URL(onward.headers.location ?? '');
  const start = await browser.visit(domain.server, pathname + search);
  assert.ok(start.headers.location?.startsWith(domain.provider.issuer));
  // Whoever turns back at the provider is as signed in as before.
  assert.equal((await browser.visit(domain.a, '/')).status, 200);
  assert.equal((await browser.visit(domain.b, '/')).status, 200);
  assert.equal((await browser.follow(domain.a, '/young/x')).status, 200);
});

test('what a proxy passes on of a check says whether there is a session, and never with which tokens: any page could read them', async (t) => {
  const domain = await startDomain(t, {
    server: { FULLMAKT_LOGIN_FORWARD_AUTH: 'true', FULLMAKT_LOGIN_FORWARD_AUTH_HEADERS: 'both' },
  });
  const check = '/oauth2/session/forwardauth';
  assert.equal((await domain.newBrowser().ask(domain.a, check)).status, 401);
  const browser = await signedInAtA(domain);
  assert.ok((await browser.ask(domain.server, check)).headers['authorization']?.startsWith('Bearer access-'));
  const passed = await browser.ask(domain.a, check);
  assert.equal(passed.status, 204);
  assert.equal(passed.headers['authorization'], undefined);
  assert.equal(passed.headers['x-wonderwall-forward-auth-token'], undefined);
});
