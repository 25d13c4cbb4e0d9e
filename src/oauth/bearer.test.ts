import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readBearer } from './bearer.ts';

for (const [header, kind] of [
  [undefined, 'none'],
  ['', 'none'],
  ['Basic dTpw', 'none'],
  ['BearerX abc', 'none'],
  ['DPoP abc', 'none'],
  [[], 'none'],
  ['Bearer', 'malformed'],
  ['Bearer ', 'malformed'],
  ['Bearer a b', 'malformed'],
  ['Bearer a, Bearer b', 'malformed'],
  ['Bearer a,b', 'malformed'],
  ['Bearer =', 'malformed'],
  ['Bearer a=b', 'malformed'],
  ['Bearer\ta', 'malformed'],
  ['Bearer a\u00e9', 'malformed'],
  [['Bearer a', 'Bearer b'], 'malformed'],
] as const) {
  test(`reads ${JSON.stringify(header)} as ${kind} (RFC 6750 section 2.1)`, () => {
    assert.deepEqual(readBearer(header), { kind });
  });
}

test('takes the token whatever the case of the scheme (RFC 9110 section 11.1)', () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) {
    assert.deepEqual(readBearer(`${scheme} a.b-c_d~e+f/g==`), { kind: 'token', token: 'a.b-c_d~e+f/g==' });
  }
  assert.deepEqual(readBearer(['Bearer abc']), { kind: 'token', token: 'abc' });
});

test('any header is a token exactly when the grammar of RFC 6750 says so', () => {
  const part = fc.constantFrom(
    'Bearer',
    'bearer',
    ' ',
    '  ',
    'a',
    'Z9',
    '=',
    ',',
    '.',
    '~',
    '"',
    '\u0141',
    '@',
    '`',
    '[',
    '{',
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join('')),
      (header) => {
        const match = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/iu.exec(header);
        const result = readBearer(header);
        assert.equal(result.kind === 'token', match !== null);
        if (result.kind === 'token') assert.equal(result.token, match?.[1]);
      },
    ),
    { numRuns: 2000 },
  );
});
