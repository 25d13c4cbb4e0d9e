import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeChallenge, createCodeVerifier, isCodeVerifier } from './pkce.ts';

test('the challenge is that of RFC 7636 appendix B', () => {
  assert.equal(
    codeChallenge('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'),
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  );
});

test('a new verifier is well formed and never the same (RFC 7636 section 4.1)', () => {
  const made = new Set(Array.from({ length: 50 }, createCodeVerifier));
  assert.equal(made.size, 50);
  assert.ok([...made].every(isCodeVerifier));
});

test('a verifier has 43 to 128 unreserved characters', () => {
  assert.deepEqual(
    [
      'a'.repeat(42),
      'a'.repeat(43),
      '-._~'.repeat(32),
      'a'.repeat(129),
      `${'a'.repeat(43)}+`,
      `${'a'.repeat(43)}\n`,
    ].map(isCodeVerifier),
    [false, true, true, false, false, false],
  );
});
