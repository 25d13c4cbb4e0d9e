import assert from 'node:assert/strict';
import test from 'node:test';
import { startDomain } from '../testing/domain.ts';

const RULES = JSON.stringify([{ path: '/work/**', provider: 'work' }]);
const TWO: Readonly<Record<string, string>> = {
  FULLMAKT_LOGIN_PROVIDER: 'idporten,work',
  FULLMAKT_LOGIN_PROVIDER_WORK_KIND: 'openid',
  FULLMAKT_LOGIN_PROVIDER_WORK_CLIENT_ID: 'client-at-work',
  FULLMAKT_LOGIN_PROVIDER_WORK_CLIENT_SECRET: 'secret-at-work',
  FULLMAKT_LOGIN_PROVIDER_WORK_WELL_KNOWN_URL: 'https://work.example.localhost/.well-known/openid-configuration',
};
/** The other way round: the first provider is of the generic kind, and the second an ID-porten. */
const SWAPPED: Readonly<Record<string, string>> = {
  FULLMAKT_LOGIN_PROVIDER: 'openid,idporten',
  FULLMAKT_LOGIN_OPENID_CLIENT_JWK: '',
  FULLMAKT_LOGIN_OPENID_CLIENT_SECRET: 'secret-at-work',
  FULLMAKT_LOGIN_OPENID_RESOURCE_INDICATOR: '',
  FULLMAKT_LOGIN_PROVIDER_IDPORTEN_CLIENT_ID: 'client-1',
  FULLMAKT_LOGIN_PROVIDER_IDPORTEN_CLIENT_SECRET: 'secret',
  FULLMAKT_LOGIN_PROVIDER_IDPORTEN_WELL_KNOWN_URL: 'https://id.example.localhost/.well-known/openid-configuration',
  FULLMAKT_LOGIN_RULES: JSON.stringify([{ path: '/work/**', provider: 'openid' }]),
};

test('RO-5: a proxy names the provider of its rule to the server, which knows no rules of it: the login is not the wrong one for ever', async (t) => {
  const domain = await startDomain(t, { a: { ...TWO, FULLMAKT_LOGIN_RULES: RULES } });
  const browser = domain.newBrowser();
  const asked = await browser.visit(domain.a, '/work/x');
  assert.equal(asked.status, 302);
  const wanted = async (path: string): Promise<string | null> => {
    const { location } = (await browser.visit(domain.a, path)).headers;
    return new URL(location ?? '').searchParams.get('provider');
  };
  assert.equal(await wanted(asked.headers.location ?? ''), 'work');
  assert.equal(await wanted('/oauth2/login?redirect=/work/x&provider=idporten'), 'idporten');
  assert.equal(await wanted('/oauth2/login?redirect=/other'), null);
  assert.equal(await wanted('/oauth2/login'), null);
});

test('RO-5: a session is of the provider that made it, whatever the order in which a proxy names its providers', async (t) => {
  const domain = await startDomain(t, { a: SWAPPED });
  const browser = domain.newBrowser();
  assert.equal((await browser.follow(domain.b, '/')).status, 200);
  // The shared cookie is the proxy's cookie for `openid`, and holds a session of ID-porten.
  assert.equal((await browser.visit(domain.a, '/work/x')).status, 302);
  assert.equal(domain.a.world.seen.length, 0);
});
