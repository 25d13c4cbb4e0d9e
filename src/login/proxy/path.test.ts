import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { judgePath } from './path.ts';

test('accepts ordinary paths and keeps their bytes (PX-1)', () => {
  for (const path of ['/', '/a', '/a/', '/a/b.c', '/s%C3%B8k', '/a%20b', '/a+b', '/%41', '/a:b@c', '/...', '/a..b']) {
    assert.equal(judgePath(path)?.raw, path, path);
  }
  assert.deepEqual(judgePath('/a%20b/%41/')?.segments, ['a b', 'A']);
});

const REFUSED: readonly string[] = [
  '',
  'a',
  '*',
  'http://x/',
  '//',
  '//x',
  '/a//b',
  '/a//',
  '/a b',
  '/a\tb',
  '/a\u0000b',
  '/a\u007fb',
  '/søk',
  '/a\\b',
  '/a;b',
  '/a#b',
  '/a%',
  '/a%2',
  '/a%zz',
  '/a%2Fb',
  '/a%2fb',
  '/a%5cb',
  '/a%5Cb',
  '/a%3Bb',
  '/a%23b',
  '/a%3fb',
  '/%00',
  '/%0a',
  '/%1F',
  '/%7f',
  '/%252e',
  '/%2525',
  '/.',
  '/..',
  '/a/./b',
  '/a/../b',
  '/%2e',
  '/%2e%2e/a',
  '/.%2E/a',
  '/%c0%ae',
  '/%ff',
  '/%ed%a0%80',
  '/public/..;/admin',
  '/public%2f..%2fadmin',
];

test('refuses every spelling two parsers could read differently (PX-2)', () => {
  for (const path of REFUSED) assert.equal(judgePath(path), undefined, path);
});

test('dot-segments-cannot-reach-exempt: dot segments stay refused whatever path.allow admits (W6, PX-3)', () => {
  const all = ['semicolon', 'double-slash', 'encoded-slash'] as const;
  for (const path of [
    '/public/..;/admin',
    '/public/..;x=1/admin',
    '/public%2f..%2fadmin',
    '/public//../admin',
    '/a/%2e;/b',
  ]) {
    assert.equal(judgePath(path, all), undefined, path);
  }
});

test('admits only the laxness that path.allow names, and marks it (PX-3)', () => {
  assert.equal(judgePath('/a;b', ['semicolon'])?.lax, true);
  assert.equal(judgePath('/a//b', ['double-slash'])?.lax, true);
  assert.equal(judgePath('/a%2fb', ['encoded-slash'])?.lax, true);
  assert.equal(judgePath('/a;b', ['double-slash']), undefined);
  assert.equal(judgePath('/a', ['semicolon'])?.lax, false);
});

test('what is accepted reads the same to the WHATWG parser, whatever the input (property)', () => {
  const piece = fc.constantFrom(
    'a',
    '/',
    '.',
    '..',
    '%2e',
    '%2f',
    '%25',
    '2e',
    ';',
    '\\',
    '//',
    '%',
    'ø',
    '%C3%B8',
    '?',
    '#',
    ' ',
    '%00',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => `/${pieces.join('')}`),
      ),
      (path) => {
        const judged = judgePath(path);
        if (judged === undefined) return;
        assert.equal(decodeURIComponent(new URL(path, 'http://h.test').pathname), decodeURIComponent(path));
        assert.ok(
          judged.segments.every(
            (segment) => segment !== '' && segment !== '.' && segment !== '..' && !/[/\\;]/.test(segment),
          ),
        );
      },
    ),
    { numRuns: 2000 },
  );
});
