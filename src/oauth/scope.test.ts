import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { OAuthError } from './errors.ts';
import { parseScope } from './scope.ts';

test('splits at spaces, keeps the order and drops repetitions (RFC 6749 section 3.3)', () => {
  assert.deepEqual(parseScope('openid  profile openid '), ['openid', 'profile']);
  assert.deepEqual(parseScope(''), []);
});

test('any text either gives tokens of the grammar, in a text that holds them, or invalid_scope', () => {
  const unit = fc.constantFrom('a', ':', '/', ' ', '"', '\\', '\t', '\u00e6', '\u007f', '!', '~');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 10 }), (text) => {
      const legal = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/u.test(text);
      if (!legal) {
        assert.throws(
          () => parseScope(text),
          (error) => error instanceof OAuthError && error.code === 'invalid_scope',
        );
        return;
      }
      assert.deepEqual(parseScope(text), [...new Set(text.split(/ +/u).filter(Boolean))]);
    }),
    { numRuns: 1000 },
  );
});
