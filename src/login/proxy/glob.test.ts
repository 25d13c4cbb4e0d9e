import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { compileGlob } from './glob.ts';
import { judgePath } from './path.ts';

const CASES: readonly { readonly pattern: string; readonly yes: readonly string[]; readonly no: readonly string[] }[] =
  [
    { pattern: '/', yes: ['/'], no: ['/a', '/a/b'] },
    {
      pattern: '/allowed',
      yes: ['/allowed', '/allowed/'],
      no: ['/allowed/nope', '/allowe', '/not-allowed', '/ALLOWED'],
    },
    {
      pattern: '/allowed/',
      yes: ['/allowed', '/allowed/'],
      no: ['/allowed/nope', '/allowe', '/not-allowed', '/ALLOWED'],
    },
    { pattern: '/public/*', yes: ['/public/a', '/public/a/'], no: ['/public', '/public/', '/public/a/b'] },
    {
      pattern: '/public/**',
      yes: ['/public', '/public/a', '/public/a/b'],
      no: ['/not/public', '/not/public/a', '/publicity'],
    },
    { pattern: '/any*', yes: ['/any', '/anything', '/anywho/'], no: ['/any/thing', '/anywho/mst/ve'] },
    { pattern: '/a/*/*', yes: ['/a/b/c', '/a/bee/cee'], no: ['/a', '/a/b', '/a/b/c/d'] },
    {
      pattern: '/static/**/*.js',
      yes: ['/static/bundle.js', '/static/min/bundle.js', '/static/vendor/min/bundle.js'],
      no: ['/static', '/static/some.css', '/static/min', '/static/vendor/min/some.css'],
    },
    { pattern: '/**', yes: ['/', '/a', '/a/b/c'], no: [] },
    { pattern: '/x/{a,b}/?', yes: ['/x/a/1', '/x/b/ø'.replace('ø', '%C3%B8')], no: ['/x/c/1', '/x/a/12', '/x/a'] },
  ];

for (const { pattern, yes, no } of CASES) {
  test(`the pattern ${pattern} matches exactly its paths (9.5)`, () => {
    const glob = compileGlob(pattern);
    const matches = (path: string): boolean => glob.matches(judgePath(path)?.segments ?? assert.fail(path));
    for (const path of yes) assert.ok(matches(path), `${pattern} should match ${path}`);
    for (const path of no) assert.ok(!matches(path), `${pattern} should not match ${path}`);
  });
}

test('refuses patterns that cannot mean anything, naming them (9.5)', () => {
  for (const pattern of ['relative', '/a[b]', '/a\\b', '/{a', '/a}', '/{a,{b}}']) {
    assert.throws(
      () => compileGlob(pattern),
      (error: Error) => error.message.includes(pattern),
      pattern,
    );
  }
});

test('matching agrees with a plain recursive matcher (property)', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', 'ba', 'aab');
  const patternPart = fc.constantFrom('a', 'b', '*', '**', 'a*', '*b', '?', '?b', 'a*b');
  const chars = (pattern: string, text: string): boolean => {
    if (pattern === '') return text === '';
    if (pattern.startsWith('*')) return chars(pattern.slice(1), text) || (text !== '' && chars(pattern, text.slice(1)));
    return text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && chars(pattern.slice(1), text.slice(1));
  };
  const oracle = (pattern: readonly string[], path: readonly string[]): boolean => {
    const [first, ...rest] = pattern;
    if (first === undefined) return path.length === 0;
    if (first === '**') return oracle(rest, path) || (path.length > 0 && oracle(pattern, path.slice(1)));
    return path.length > 0 && chars(first, path[0] ?? '') && oracle(rest, path.slice(1));
  };
  fc.assert(
    fc.property(fc.array(patternPart, { maxLength: 5 }), fc.array(segment, { maxLength: 6 }), (pattern, path) => {
      assert.equal(compileGlob(`/${pattern.join('/')}`).matches(path), oracle(pattern, path));
    }),
    { numRuns: 2000 },
  );
});

test('million-paths-flat-memory: matching keeps nothing and stays fast on hostile paths (W7)', () => {
  const glob = compileGlob('/**/*a*a*a*a*a*a*b/**/c');
  const path = Array.from({ length: 200 }, () => 'a'.repeat(40));
  const started = performance.now();
  assert.equal(glob.matches(path), false);
  assert.ok(performance.now() - started < 5000);
});

test('fits the spelling of a path apart from what it decodes to (9.5, T20)', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['/allowed', '/allowed/', true],
    ['/allowed', '/allow%65d', false],
    ['/static/**/*.js', '/static/%61/b.js', true],
    ['/static/**/*.js', '/static/a%2ejs', false],
    ['/søk/{a,b}', '/s%c3%b8k/b', true],
    ['/a b', '/a%20b', true],
  ];
  for (const [pattern, path, fits] of cases)
    assert.equal(compileGlob(pattern).matchesSpelling(path), fits, `${pattern} ${path}`);
});
