import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { corpusLines, noCorpus, spellings } from '../testing/redirect-corpus.ts';
import { createTargets } from './targets.ts';

const DOMAIN = 'example.test';
const DEFAULT = 'https://www.example.test/start';
const SSO = { domain: DOMAIN, sessionCookieName: 's', serverUrl: `https://sso.${DOMAIN}`, defaultRedirectUrl: DEFAULT };
const BASE = { origin: 'https://app.example.test', path: '/x' };

const server = createTargets({ role: 'sso-server', sso: SSO, pathAllow: [] });
const proxy = createTargets({ role: 'sso-proxy', sso: SSO, pathAllow: [] });
const asked = createTargets({ role: 'forward-auth', sso: SSO, pathAllow: [] });
const alone = createTargets({ role: 'forward-auth', sso: undefined, pathAllow: [] });
const standalone = createTargets({ role: 'standalone', sso: SSO, pathAllow: [] });

const KEPT: readonly (readonly [string, string])[] = [
  ['https://a.example.test/x', 'https://a.example.test/x'],
  ['https://example.test', 'https://example.test/'],
  ['HTTPS://A.Example.Test:443/x/../y?q=1#f', 'https://a.example.test/y?q=1#f'],
  ['https://a.b.example.test/oauth2/session', 'https://a.b.example.test/oauth2/session'],
  ['https://a.example.test/s%C3%B8k', 'https://a.example.test/s%C3%B8k'],
];

const PIECES =
  '/ \\ // . .. %2f %5c @ : :443 :8443 https: http: evil.test example.test ? # ; %09 \t a oauth2 login %6c 。 [ ]';

const DROPPED: readonly string[] = [
  '',
  '/x',
  '?x',
  '//a.example.test/x',
  'https://example.test.evil.test/',
  'https://notexample.test/',
  'https://a.example.test:8443/',
  'http://a.example.test/',
  'http://localhost/',
  'ftp://a.example.test/',
  'https://u@a.example.test/',
  'https://u:p@a.example.test/',
  'https://a.example.test@evil.test/',
  'https://a.example.test./',
  'https://a.example.test/x;y',
  'https://a.example.test//evil.test',
  'https://a.example.test/%2f%2fevil.test',
  'https://a.example.test/\\evil.test',
  'https://a.example.test/a\tb',
  'https://a.example.test/oauth2/login',
  'https://a.example.test/app/oauth2/login?redirect=x',
  'https://a.example.test/oauth2/logout',
  'https://a.example.test/oauth2/%6cogout',
  'https://a.example.test/oauth2/callback',
  'https://a.example.test/oauth2/callback/entra',
  'https:a.example.test',
  'https:/a.example.test',
  'https://[::1]/',
  `https://a.example.test/${'x'.repeat(2048)}`,
  'javascript:alert(1)',
];

test('at the server only https URLs of the domain are targets, re-serialised; all else is the default URL (section 10)', () => {
  for (const targets of [server, asked]) {
    for (const [input, result] of KEPT) assert.equal(targets.safe(input, BASE), result, input);
    for (const input of DROPPED) {
      assert.equal(targets.checked(input, BASE), undefined, input);
      assert.equal(targets.safe(input, BASE), DEFAULT, input);
    }
    assert.equal(targets.safe(undefined, BASE), DEFAULT);
  }
});

test('at a proxy a target is its own path as an absolute URL, with all that holds for such paths (section 10)', () => {
  const cases: readonly (readonly [string | undefined, string])[] = [
    ['/x/a?b=c#d', 'https://app.example.test/x/a?b=c#d'],
    ['https://evil.test/y', 'https://app.example.test/y'],
    ['/other/oauth2/login', 'https://app.example.test/x'],
    ['/x/oauth2/session', 'https://app.example.test/x'],
    ['//evil.test', 'https://app.example.test/x'],
    [undefined, 'https://app.example.test/x'],
  ];
  for (const [input, result] of cases) assert.equal(proxy.safe(input, BASE), result, String(input));
});

test('beside one application, and for outer proxies without a domain, targets stay on the ingress (section 10)', () => {
  for (const targets of [standalone, alone]) {
    assert.equal(targets.safe('https://a.example.test/y', BASE), '/y');
    assert.equal(targets.safe('//evil.test', BASE), '/x');
    assert.equal(targets.checked('/x/oauth2/logout', BASE), undefined);
  }
});

/** That a browser which is sent there stays within the domain, and is not sent on. */
function assertWithin(location: string, given: string): void {
  const said = `${JSON.stringify(given)} became ${JSON.stringify(location)}`;
  const url = new URL(location);
  assert.equal(url.protocol, 'https:', said);
  assert.equal(url.port, '', said);
  assert.equal(url.username + url.password, '', said);
  assert.ok(url.hostname === DOMAIN || url.hostname.endsWith(`.${DOMAIN}`), said);
  assert.equal(url.href, location, said);
  assert.ok(!/\/oauth2\/(?:login|logout|callback)(?:\/|$)/.test(decodeURIComponent(url.pathname)), said);
  assert.match(location, /^[\x21-\x7e]+$/, said);
}

function assertAllWithin(input: string): void {
  for (const one of [input, `/${input}`, `https://a.example.test${input}`, `https://a.example.test/${input}`]) {
    assertWithin(server.safe(one, BASE), one);
    const grafted = proxy.safe(one, BASE);
    assertWithin(grafted, one);
    assert.equal(new URL(grafted).origin, BASE.origin, one);
  }
}

test('A13 no line of the corpus, raw, decoded once or twice, leaves the domain at a server or a proxy (W16)', {
  skip: noCorpus,
}, () => {
  for (const input of corpusLines().flatMap(spellings)) assertAllWithin(input);
});

test('whatever comes in, a target stays within the domain and is stable (property)', () => {
  const piece = fc.constantFrom(...PIECES.split(' '));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.array(piece).map((parts) => parts.join('')),
      ),
      (input) => {
        assertAllWithin(input);
        for (const targets of [server, proxy])
          assert.equal(targets.safe(targets.safe(input, BASE), BASE), targets.safe(input, BASE));
      },
    ),
    { numRuns: 400 },
  );
});
