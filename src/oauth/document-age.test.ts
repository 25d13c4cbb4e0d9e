import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readMaxAge } from './document-age.ts';

test('J9 the shortest max-age counts, what forbids keeping is 0, and saying nothing is nothing (RFC 9111 5.2)', () => {
  for (const [header, seconds] of [
    ['max-age=300', 300],
    ['public, Max-Age="60" , must-revalidate', 60],
    ['max-age=300, max-age=30', 30],
    ['max-age=300, no-store', 0],
    ['no-cache="Set-Cookie", max-age=9', 0],
    ['max-age=0', 0],
    ['max-age', 0],
    ['max-age=-1', 0],
    ['max-age=1.5', 0],
    ['max-age=1e3', 0],
    ['max-age=99999999999999999999', 1e20],
    ['s-maxage=5, public', undefined],
    ['x-max-age=5', undefined],
    ['max-age = 5', undefined],
    ['', undefined],
    [null, undefined],
  ] as const) {
    assert.equal(readMaxAge(header), seconds, String(header));
  }
});

test('J9 any header gives nothing or seconds that are not negative', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom('max-age=', '"', ',', '=', ' ', '7', 'no-store', '-')).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const seconds = readMaxAge(text);
      return seconds === undefined || seconds >= 0;
    }),
  );
});

test('J9 a max-age is found among any other directives', () => {
  const others = fc.array(fc.constantFrom('public', 'private', 'immutable', 's-maxage=1', 'stale-if-error="7"', ''));
  fc.assert(
    fc.property(others, fc.nat(), others, (before, seconds, after) => {
      return readMaxAge([...before, `max-age=${seconds}`, ...after].join(', ')) === seconds;
    }),
  );
});
