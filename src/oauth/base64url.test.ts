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

test('long texts too, with any character put in, put over another or left out, decode only if encoding the bytes gives them back', () => {
  const spelt = fc.uint8Array({ minLength: 1, maxLength: 700 }).map((bytes) => encodeBase64Url(bytes));
  const unit = fc
    .oneof(fc.nat(0xffff), fc.nat(0xff), fc.constantFrom(0x2b, 0x2f, 0x3d))
    .map((code) => String.fromCharCode(code));
  const changed = fc
    .tuple(spelt, fc.array(fc.tuple(fc.nat(), unit, fc.nat(1)), { maxLength: 4 }))
    .map(([text, changes]) => {
      let changing = text;
      for (const [somewhere, put, over] of changes) {
        // Often at the end, where the bits are that may be left over.
        const at = somewhere % 3 === 0 ? changing.length - 1 : somewhere % (changing.length + 1);
        changing = `${changing.slice(0, at)}${put}${changing.slice(at + over)}`;
      }
      return changing;
    });
  fc.assert(fc.property(changed, agreesWithEncoding), { numRuns: 3000 });
});

test('every last character after every length says the same as encoding again', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=';
  for (const before of ['', 'A', 'Zm', 'Zm9', 'Zm9v', 'Zm9vY', 'Zm9vYm', 'Zm9vYmF']) {
    for (const last of alphabet) agreesWithEncoding(before + last);
  }
});

/** The oracle: Node's decoder is lenient, but there is one way only in which it encodes. */
function agreesWithEncoding(text: string): void {
  const bytes = Buffer.from(text, 'base64url');
  assert.deepEqual(decodeBase64Url(text), bytes.toString('base64url') === text ? bytes : undefined);
}

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
