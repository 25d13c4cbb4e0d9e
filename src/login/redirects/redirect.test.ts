import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { corpusLines, noCorpus, spellings } from '../testing/redirect-corpus.ts';
import { safeTarget } from './redirect.ts';

const BASE = { origin: 'https://app.example.test', path: '' };

const KEPT: readonly (readonly [string, string])[] = [
  ['/a?b=c#d', '/a?b=c#d'],
  ['/ok/%41', '/ok/%41'],
  ['/a%20b', '/a%20b'],
  ['/søk', '/s%C3%B8k'],
  ['/a/../b', '/b'],
  ['/a/%2e%2e/b', '/b'],
  ['https://app.example.test/x?y', '/x?y'],
  ['https://evil.test/x', '/x'],
  ['HTTPS://evil.test/x', '/x'],
];

const DROPPED: readonly string[] = [
  '',
  'relative',
  '?x=1',
  '//evil.test',
  '///evil.test',
  '/\\evil.test',
  '/%09/evil.test',
  '/%2f%2fevil.test',
  '/.//evil.test',
  '/a/../..//evil.test',
  'https:evil.test',
  'https:/evil.test',
  'https://evil.test//other.test/x',
  'https://u@evil.test/x',
  'http://[::1',
  'javascript:alert(1)',
  '/x;y',
  '/%0d%0aX:1',
  '/oauth2/logout',
  '/a\tb',
  '\t/a',
  '/a\t',
  `/${'a'.repeat(2048)}`,
  '/%6fauth2/logout',
  '/oauth2',
];

test('redirect-stays-on-origin: keeps local targets re-serialised, drops everything dubious (W16, section 10)', () => {
  for (const [input, result] of KEPT) assert.equal(safeTarget(input, BASE), result, input);
  for (const input of DROPPED) assert.equal(safeTarget(input, BASE), '/', JSON.stringify(input));
  assert.equal(safeTarget(undefined, { ...BASE, path: '/app' }), '/app');
  assert.equal(safeTarget('/app/oauth2/login', { ...BASE, path: '/app' }), '/app');
});

function assertStays(input: string): void {
  const emitted = safeTarget(input, BASE);
  assert.equal(new URL(emitted, BASE.origin).origin, BASE.origin, `${JSON.stringify(input)} → ${emitted}`);
  assert.ok(emitted.startsWith('/') && !emitted.startsWith('//'), emitted);
}

test('redirect-corpus-raw-decoded-twice: no line of the corpus leaves the origin (W16)', { skip: noCorpus }, () => {
  for (const input of corpusLines().flatMap(spellings)) {
    assertStays(input);
    assertStays(`/${input}`);
  }
});

test('whatever comes in, the emitted target resolves to the own origin and is stable (property)', () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    '//',
    '.',
    '..',
    '%2f',
    '%5c',
    '@',
    ':',
    'https:',
    'evil.test',
    '?',
    '#',
    ';',
    '%09',
    '\t',
    'a',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.array(piece).map((parts) => parts.join('')),
      ),
      (input) => {
        assertStays(input);
        assert.equal(safeTarget(safeTarget(input, BASE), BASE), safeTarget(input, BASE));
      },
    ),
    { numRuns: 2000 },
  );
});
