import assert from 'node:assert/strict';
import test from 'node:test';
import { assert as check, constantFrom, option, property, record, stringMatching } from 'fast-check';
import { createOriginList, isSameOrigin } from './origins.ts';

const LISTED = ['https://register', 'http://plain.example:8080', 'https://[2001:db8::1]:8443'];
const isListed = createOriginList(LISTED);

const host = constantFrom(
  'register',
  'plain.example',
  '[2001:db8::1]',
  '[2001:db8:0:0::1]',
  'register.',
  'evil.example',
  'registers',
  'a.register',
);
const part = stringMatching(/^[a-z0-9.@:%/]{0,12}$/);
const addresses = record({
  scheme: constantFrom('https', 'http', 'HTTPS', 'ftp', 'wss', 'blob:https', 'view-source:https'),
  user: option(
    part.map((text) => `${text.replaceAll('/', '')}@`),
    { nil: '' },
  ),
  host: host.chain((name) => constantFrom(name, name.toUpperCase())),
  port: constantFrom('', ':443', ':80', ':8080', ':8443', ':0443', ':'),
  path: part.map((text) => `/${text}`),
});

test('a URL is listed exactly when its scheme, host and port are, whatever else it holds (RFC 6454 5)', () => {
  const seen = { listed: 0, others: 0 };
  check(
    property(addresses, ({ scheme, user, host: name, port, path }) => {
      const text = `${scheme}://${user}${name}${port}${path}`;
      if (!URL.canParse(text)) return;
      const url = new URL(text);
      const standard = { 'https:': '443', 'http:': '80' }[url.protocol];
      const expected = LISTED.some((origin) => {
        const [, theirScheme = '', theirHost = '', theirPort = ''] =
          /^(https?:)\/\/(.+?)(?::(\d+))?$/.exec(origin) ?? [];
        return (
          theirScheme === url.protocol &&
          theirHost === url.hostname &&
          (theirPort || standard) === (url.port || standard)
        );
      });
      seen[expected ? 'listed' : 'others'] += 1;
      assert.equal(isListed(url), expected, text);
    }),
    { numRuns: 3000 },
  );
  assert.ok(seen.listed > 50 && seen.others > 500, JSON.stringify(seen));
});

test('text that only looks like a listed origin is none', () => {
  const texts = [
    'blob:https://register/550e8400-e29b-41d4-a716-446655440000',
    'data:text/html,https://register',
    'https://register@evil.example/',
    'https://register%2eevil.example/',
    'https://register.evil.example/',
    'https://evil.example/https://register',
    'https://register./',
    'https:/\\evil.example/register',
    'http://register/',
    'https://register:444/',
    'http://plain.example/',
    'https://[2001:db8::2]:8443/',
    'file://register/etc',
    'javascript:fetch("https://register")',
    'about:blank',
  ];
  for (const text of texts) assert.equal(isListed(new URL(text)), false, text);
  for (const text of ['HTTPS://REGISTER:443/x', 'https://u:p@register/', 'https://[2001:db8:0::1]:8443']) {
    assert.equal(isListed(new URL(text)), true, text);
  }
});

test('two URLs without an origin of the web are never of one origin', () => {
  const one = new URL('data:text/plain,x');
  assert.equal(isSameOrigin(one, one), false);
  assert.equal(isSameOrigin(new URL('blob:https://register/x'), new URL('https://register/y')), false);
  assert.equal(isSameOrigin(new URL('https://register/x'), new URL('https://REGISTER:443/y')), true);
});
