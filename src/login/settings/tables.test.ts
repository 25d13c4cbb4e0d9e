import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { readLoginConfig } from '../config.ts';
import { parseRules } from './rules.ts';
import { parseStore, storeKind } from './store-url.ts';
import { loginSettings } from './table.ts';
import { parseUpstreams } from './upstreams.ts';

const NOISE = { numRuns: 300 };
const VARIABLES = [
  ...Object.values(loginSettings).flatMap(({ env, aliases = [] }) => [env, ...aliases]),
  ...['UPSTREAM_IP', 'UPSTREAM_PORT', 'REDIS_TLS', 'REDIS_USERNAME', 'REDIS_PASSWORD', 'SSO_ENABLED'].map(
    (name) => `WONDERWALL_${name}`,
  ),
];

/** Whatever comes, a parser answers or says what it expected. */
function answersOrSays(parse: (value: unknown) => unknown, value: unknown, says: RegExp): void {
  try {
    parse(value);
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.match(error.message, says);
  }
}

test('rules: any JSON is a list of rules or is told what one looks like', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => answersOrSays(parseRules, value, /a list of \{path, methods/)),
    NOISE,
  );
});

test('rules: every member that is set arrives, and none that is not', () => {
  const rule = fc.record(
    {
      path: fc.constant('/x/**'),
      methods: fc.array(fc.constantFrom('GET', 'POST')),
      hosts: fc.array(fc.domain()),
      login: fc.constantFrom('enforce', 'optional', 'exempt'),
      authorization: fc.constantFrom('strip', 'pass'),
      preflight: fc.constantFrom('refuse', 'upstream'),
      provider: fc.constantFrom('idporten', 'entra'),
      acr: fc.constantFrom('idporten-loa-high', 'gold'),
      maxAgeSeconds: fc.integer({ min: 1, max: 86_400 }),
      csrf: fc.constantFrom('off', 'fetch-metadata', 'header'),
    },
    { requiredKeys: ['path'] },
  );
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 4 }), (rules) => {
      assert.deepEqual(
        parseRules(rules),
        rules.map((one) => ({ ...one })),
      );
    }),
    NOISE,
  );
});

test('rules: a wrong member is named', () => {
  for (const [rule, says] of [
    [{ path: '/x', lgoin: 'enforce' }, /lgoin is none of these/],
    [{ path: '/x', login: 'maybe' }, /one of enforce, optional, exempt/],
    [{ path: '/x', maxAgeSeconds: 1.5 }, /maxAgeSeconds is a whole number/],
    [{ path: '/x', maxAgeSeconds: 0 }, /maxAgeSeconds is a whole number/],
    [{ path: '/x', acr: '' }, /acr is text/],
    [{ path: '/x', csrf: 'on' }, /one of off, fetch-metadata, header/],
    [{ login: 'enforce' }, /a list of/],
  ] as const)
    assert.throws(() => parseRules([rule]), says);
});

test('rules: levels and azure have their newer names', () => {
  assert.deepEqual(parseRules([{ path: '/x', acr: 'Level4', provider: 'azure' }]), [
    { path: '/x', acr: 'idporten-loa-high', provider: 'entra' },
  ]);
});

test('upstreams: any JSON is an object of routes or is told what one looks like', () => {
  const nearly = fc.dictionary(fc.constantFrom('/a', '/a/', 'b', '/..', '/%2f'), fc.jsonValue(), { maxKeys: 3 });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), nearly), (value) => answersOrSays(parseUpstreams, value, /URL/)),
    NOISE,
  );
});

test('upstreams: the longest path comes first, a trailing slash counts for nothing', () => {
  const routes = parseUpstreams({
    '/api/': { upstream: 'http://api:8080' },
    '/api/inner': { upstream: 'https://inner', audience: { tokenx: 'c:n:a', entra: 'api://c.n.a/.default' } },
  });
  assert.deepEqual(routes, [
    { path: '/api/inner', upstream: 'https://inner', audience: { tokenx: 'c:n:a', entra: 'api://c.n.a/.default' } },
    { path: '/api', upstream: 'http://api:8080', audience: undefined },
  ]);
});

test('upstreams: a wrong route is named', () => {
  const upstream = 'http://api';
  for (const [value, says] of [
    [{ '/a': { upstream }, '/a/': { upstream } }, /\/a is there twice/],
    [{ '/a': { upstream, audiences: {} } }, /audiences of \/a is none of these/],
    [{ '/a': { upstream, audience: {} } }, /audience of \/a names no network/],
    [{ '/a': { upstream, audience: { tokenx: 1 } } }, /tokenx of \/a is text/],
    [{ '/a': {} }, /upstream of \/a is text/],
    [{ '/a/../b': { upstream } }, /no path of plain segments/],
    [{ '/': { upstream } }, /no path of plain segments/],
  ] as const)
    assert.throws(() => parseUpstreams(value), says);
});

test('store: three kinds, and whatever is refused is not shown: it may hold a password', () => {
  const kinds = Object.entries({
    'memory:': 'memory',
    'sqlite:/var/lib/x.sqlite': 'sqlite',
    'redis://h:6379': 'redis',
    'valkey://u:p@h/1': 'redis',
    'rediss://h': 'redis',
    'redis+sentinel://a,b:1/name': 'redis',
    'redis+cluster://a,b': 'redis',
  });
  for (const [text, kind] of kinds) assert.equal(storeKind(parseStore(text)), kind, text);
  for (const text of ['postgres://u:hush-hush@h', 'sqlite:', 'redis://', 'http://h', 'x'])
    assert.throws(
      () => parseStore(text),
      (error) => error instanceof Error && !error.message.includes('hush-hush'),
      text,
    );
});

test('whatever variables say, there is a configuration or a list of problems', () => {
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'true',
      '0',
      'openid,entra',
      'https://a.example.test/x',
      'redis://u:p@h',
      '[]',
      '{}',
      '1h',
      'sso-proxy',
      ',',
    ),
  );
  const env = fc.dictionary(fc.constantFrom(...VARIABLES), value, { maxKeys: 25 });
  fc.assert(
    fc.property(env, (variables) => {
      const read = readLoginConfig(variables);
      assert.ok(read.ok || read.problems.length > 0);
    }),
    NOISE,
  );
});
