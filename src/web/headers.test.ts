import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { endToEndHeaders, foldHeaderName, headerPairs, headerValues, isHeaderName, isHeaderValue } from './headers.ts';

for (const name of ['X-Forwarded-For', 'x_forwarded_for', 'X.FORWARDED.FOR', 'x-Forwarded_for', 'X Forwarded For'])
  test(`folds ${name} to x-forwarded-for`, () => assert.equal(foldHeaderName(name), 'x-forwarded-for'));

test('folds every name to [a-z0-9-], once and for all', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const folded = foldHeaderName(name);
      assert.match(folded, /^[a-z0-9-]*$/);
      assert.equal(foldHeaderName(folded), folded);
    }),
  );
});

test('folds names alike that differ in case and separators only', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9]{1,8}$/);
  const separators = fc.array(fc.constantFrom('-', '_', '.', '~', '+', '!'), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), separators, (words, between) => {
      const spelt = words.map((each, index) => each.toUpperCase() + (index < words.length - 1 ? between[index] : ''));
      assert.equal(foldHeaderName(spelt.join('')), foldHeaderName(words.join('-')));
    }),
  );
});

test('drops headers of the connection and what Connection names, and keeps order and spelling of the rest', () => {
  const raw = ['A', '1', 'connection', 'close, X-Hop', 'x-HOP', '2', 'Proxy-Foo', '3', 'TE', '4', 'b', '5', 'A', '6'];
  assert.deepEqual(endToEndHeaders(raw), ['A', '1', 'b', '5', 'A', '6']);
});

test('reads several Connection headers as one list', () => {
  assert.deepEqual(endToEndHeaders(['Connection', 'a', 'CONNECTION', ' B ,, ', 'a', '1', 'b', '2', 'c', '3']), [
    'c',
    '3',
  ]);
});

test('takes raw headers apart', () => {
  assert.deepEqual(headerPairs(['a', '1', 'B', '2']), [
    ['a', '1'],
    ['B', '2'],
  ]);
  assert.deepEqual(headerValues(['a', '1', 'A', '2', 'b', '3'], 'a'), ['1', '2']);
});

test('knows header names and values (RFC 9110 5.1, 5.5)', () => {
  for (const name of ['X-A', "!#$%&'*+-.^_`|~09azAZ"]) assert.ok(isHeaderName(name), name);
  for (const name of ['', 'a b', 'a:', 'æ', 'a\u0000', 'a\n']) assert.ok(!isHeaderName(name), name);
  for (const value of ['', 'a b\tc', 'æ']) assert.ok(isHeaderValue(value), value);
  for (const value of ['a\r', 'a\nb', '\u0000', '\u007f']) assert.ok(!isHeaderValue(value), value);
});
