import assert from 'node:assert/strict';
import test from 'node:test';
import type { Domain, DomainBrowser } from '../testing/domain.ts';
import { DEFAULT_URL, DOMAIN, startDomain } from '../testing/domain.ts';
import { corpusLines, noCorpus, spellings } from '../testing/redirect-corpus.ts';

const EVERY = 24;

const OWN: readonly string[] = [
  `https://${DOMAIN}.evil.test/`,
  `https://not${DOMAIN}/`,
  `https://a.${DOMAIN}:8443/`,
  `https://u@a.${DOMAIN}/`,
  `https://a.${DOMAIN}//evil.test/`,
  `https://a.${DOMAIN}/oauth2/logout`,
  `ftp://a.${DOMAIN}/`,
  '//evil.test',
  '/\\evil.test',
  'https:evil.test',
];

/** Our own strings, and some lines of the corpus in three spellings where it is at hand; all of it is judged in targets.test.ts. */
function inputs(): readonly string[] {
  if (noCorpus !== false) return OWN;
  const some = corpusLines().filter((_, index) => index % EVERY === 0);
  return [...OWN, ...some.flatMap(spellings)];
}

function assertWithin(location: string | undefined, given: string): void {
  const said = `${JSON.stringify(given)} became ${JSON.stringify(location)}`;
  const url = URL.parse(location ?? '');
  assert.ok(url !== null && url.protocol === 'https:' && url.port === '', said);
  assert.ok(url.hostname === DOMAIN || url.hostname.endsWith(`.${DOMAIN}`), said);
  assert.ok(!decodeURIComponent(url.pathname).includes('/oauth2/log'), said);
}

/** Logs in at the server with this link; answers where the callback leads, and what a late one finds. */
async function throughLogin(
  { provider, server }: Domain,
  browser: DomainBrowser,
  query: string,
): Promise<readonly (string | undefined)[]> {
  const start = await browser.visit(server, `/oauth2/login${query}`);
  const callback = await provider.authorize(start.headers.location ?? '');
  const landed = await browser.visit(server, callback);
  const again = await browser.visit(server, callback);
  return [landed.headers.location, again.headers.location];
}

async function throughLogout({ server }: Domain, browser: DomainBrowser, query: string): Promise<string | undefined> {
  const page = await browser.visit(server, `/oauth2/logout${query}`);
  const [, state = ''] = /name="state" value="([^"]+)"/.exec(page.body) ?? [];
  return (await browser.visit(server, `/oauth2/logout/callback?state=${state}`)).headers.location;
}

test('A13 login, callback, late callback and logout at the server lead into the domain, whatever the link says', async (t) => {
  const domain = await startDomain(t, { server: { FULLMAKT_LOGIN_RATELIMIT_ENABLED: 'false' } });
  const browser = domain.newBrowser();
  for (const input of inputs()) {
    const query = `?redirect=${encodeURIComponent(input)}`;
    for (const location of await throughLogin(domain, browser, query)) assertWithin(location, input);
    assertWithin(await throughLogout(domain, browser, query), input);
  }
  const good = `?redirect=${encodeURIComponent(`https://b.${DOMAIN}/x?y#z`)}`;
  assert.deepEqual(await throughLogin(domain, browser, good), Array(2).fill(`https://b.${DOMAIN}/x?y#z`));
  assert.equal(await throughLogout(domain, browser, good), `https://b.${DOMAIN}/x?y#z`);
  assert.equal(await throughLogout(domain, browser, ''), DEFAULT_URL);
});

test('A13 login and logout at a proxy hand the server nothing but the proxy itself as the way back', async (t) => {
  const domain = await startDomain(t);
  const browser = domain.newBrowser();
  for (const input of inputs()) {
    for (const route of ['login', 'logout']) {
      const onward = await browser.visit(domain.a, `/oauth2/${route}?redirect=${encodeURIComponent(input)}`);
      const location = new URL(onward.headers.location ?? '');
      assert.equal(location.origin + location.pathname, `${domain.server.origin}/oauth2/${route}`);
      const back = location.searchParams.get('redirect');
      if (route === 'logout' && back === null) continue;
      assertWithin(back ?? undefined, input);
      assert.equal(new URL(back ?? '').origin, domain.a.origin);
    }
  }
});
