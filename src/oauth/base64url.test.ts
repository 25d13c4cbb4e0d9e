import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeBase64Url, encodeBase64Url } from './base64url.ts';

test('decoding gives back what was encoded, for any bytes (RFC 7515 section 2)', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      assert.deepEqual(decodeBase64Url(encodeBase64Url(bytes)), Buffer.from(bytes));
    }),
  );
});

test('a text decodes only if it is the one canonical spelling of its bytes (RFC 4648 section 3.5)', () => {
  const character = fc.constantFrom(...'ABYZabyz0189-_+/= \n.'.split(''), '\u0141', '\u{1f600}');
  fc.assert(
    fc.property(fc.string({ unit: character, maxLength: 12 }), (text) => {
      const spelling = /^[A-Za-z0-9_-]*$/u.test(text) && Buffer.from(text, 'base64url').toString('base64url') === text;
      assert.equal(decodeBase64Url(text) !== undefined, spelling);
    }),
    { numRuns: 1000 },
  );
});

for (const [text, why] of [
  ['Zg==', 'padding'],
  ['Zh', 'stray last bits'],
  ['A', 'an impossible length'],
  ['Zm9v\n', 'white space'],
  ['+_-A', 'the other alphabet'],
  ['Zm9v\0', 'a control byte'],
] as const) {
  test(`refuses ${why}`, () => {
    assert.equal(decodeBase64Url(text), undefined);
  });
}
