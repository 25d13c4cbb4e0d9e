import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyRefused, readPublicMaterial } from './key-material.ts';
import { hasRocaFingerprint } from './roca.ts';

const primes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/** A number of 2048 bits whose remainders are those of a power of 65537, as the flawed library made them. */
function fingerprinted(): bigint {
  const primorial = primes.reduce((product, prime) => product * BigInt(prime), 1n);
  let residue = 1n;
  for (let power = 0; power < 1234; power += 1) residue = (residue * 65537n) % primorial;
  const multiple = ((1n << 2047n) / primorial + 1n) * primorial;
  const candidate = multiple + residue;
  return candidate % 2n === 1n ? candidate : candidate + primorial;
}

function rsa(modulus: bigint, e = 'AQAB'): Record<string, unknown> {
  const hex = modulus.toString(16);
  return { kty: 'RSA', n: Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url'), e };
}

function odd(bits: bigint): bigint {
  return (1n << (bits - 1n)) + 1n;
}

function outcome(jwk: Record<string, unknown>): boolean {
  try {
    readPublicMaterial(jwk);
    return true;
  } catch (error) {
    assert.ok(error instanceof KeyRefused);
    return false;
  }
}

test('the ROCA fingerprint is seen, and one off it is not (CVE-2017-15361)', () => {
  assert.equal(hasRocaFingerprint(fingerprinted()), true);
  assert.equal(hasRocaFingerprint(fingerprinted() + 2n), false);
  // All primes have to agree: here every one but one does.
  for (const prime of primes.filter((each) => each > 11)) {
    const others = primes.reduce((product, each) => (each === prime ? product : product * BigInt(each)), 2n);
    const outside = Array.from({ length: prime }, (_, at) => fingerprinted() + BigInt(at) * others);
    assert.ok(
      outside.some((modulus) => !hasRocaFingerprint(modulus)),
      String(prime),
    );
  }
  assert.throws(() => readPublicMaterial(rsa(fingerprinted())), /ROCA/);
});

test('RSA keys have 2048 to 8192 bits and an odd exponent of at least 65537', () => {
  assert.deepEqual(
    [2047n, 2048n, 8192n, 8193n].map((bits) => outcome(rsa(odd(bits)))),
    [false, true, true, false],
  );
  assert.deepEqual(
    ['AQ', 'Aw', 'AQAA', 'AP__', 'AQAB', 'AQAC', 'AQAAAAAAAAAB'].map((e) => outcome(rsa(odd(2048n), e))),
    [false, false, false, false, true, false, false],
  );
  assert.equal(outcome(rsa(odd(2048n) + 1n)), false);
});
