import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Claims } from './claims.ts';
import { JoseError } from './jose-error.ts';
import { checkClaims, type ClaimRules } from './registered-claims.ts';

const NOW = 1_700_000_000;

const odd = fc.constantFrom<unknown[]>(null, true, '', 'x', -1, 2 ** 53, Number.POSITIVE_INFINITY, [], ['x', 1], {});
const time = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(-301, -300, -61, -60, -59, 0, 59, 60, 61, 299, 300, 301) },
  fc.double({ min: -400, max: 400, noNaN: true }),
);
const date = fc.oneof({ weight: 12, arbitrary: time.map((offset) => NOW + offset) }, odd);
const text = (...values: readonly string[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...values) }, odd);
const audience = fc.oneof(
  { weight: 3, arbitrary: text('us', 'us too', 'them') },
  fc.subarray(['us', 'us too', 'them']),
);

/** Claims of which most are good, for each to be the first that is not. */
const claims = fc.record(
  { iss: text('i', 'i', 'j'), sub: text('s'), aud: audience, exp: date, nbf: date, iat: date, jti: fc.constant('1') },
  { requiredKeys: [] },
);
const rules = fc.record(
  {
    now: fc.constantFrom(NOW, NOW + 0.5),
    skewSeconds: fc.constantFrom(0, 60),
    issuer: fc.constant('i'),
    audience: fc.constantFrom(['us'], ['us', 'us too']),
    required: fc.constantFrom(['jti'], ['sub', 'jti']),
    optional: fc.constantFrom(['iat'], ['iss', 'exp', 'aud']),
    maxLifetimeSeconds: fc.constantFrom(100, 360),
  },
  { requiredKeys: ['now', 'skewSeconds'] },
);

test('the first check that fails is the one in the order of sidecar-sdk.md 2.2, rows 10 to 16, whatever else is wrong', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(claims, rules, (said, by) => {
      const expected = firstFault(said, by);
      seen.add(expected ?? 'accepted');
      assert.equal(faultOf(said, by), expected);
    }),
    { numRuns: 20_000 },
  );
  // All that can be said was said, or the property has looked at less than it should.
  for (const verdict of ['accepted', 'issuer_unknown', 'audience_mismatch', 'lifetime_exceeded', 'token_expired exp'])
    assert.ok(seen.has(verdict), verdict);
  for (const claim of ['iss', 'exp', 'iat', 'aud', 'jti', 'sub']) assert.ok(seen.has(`claim_missing ${claim}`), claim);
  for (const claim of ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat']) assert.ok(seen.has(`claim_invalid ${claim}`), claim);
  for (const claim of ['nbf', 'iat']) assert.ok(seen.has(`token_not_yet_valid ${claim}`), claim);
});

test('what an object inherits is no claim', () => {
  const by = { now: NOW, skewSeconds: 0 };
  assert.equal(faultOf(Object.create({ iss: 'i', exp: NOW + 1, iat: NOW }), by), 'claim_missing iss');
});

function faultOf(said: Claims, by: ClaimRules): string | undefined {
  try {
    checkClaims(said, by);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof JoseError);
    return error.claim === undefined ? error.code : `${error.code} ${error.claim}`;
  }
}

/** The oracle: every check as a line of a list, the claims asked each time. */
function firstFault(said: Claims, by: ClaimRules): string | undefined {
  const { now, skewSeconds: skew, audience: ours, maxLifetimeSeconds: longest } = by;
  const { exp, iat, nbf, aud } = said;
  const has = (name: string): boolean => Object.keys(said).includes(name);
  const needed = ['iss', 'exp', 'iat', ...(ours === undefined ? [] : ['aud']), ...(by.required ?? [])];
  const absent = needed.find((name) => !has(name) && by.optional?.includes(name) !== true);
  if (absent !== undefined) return `claim_missing ${absent}`;
  const noDate = ['exp', 'iat', 'nbf'].find((name) => has(name) && !isDate(said[name]));
  if (noDate !== undefined) return `claim_invalid ${noDate}`;
  const noText = ['iss', 'sub'].find((name) => has(name) && typeof said[name] !== 'string');
  if (noText !== undefined) return `claim_invalid ${noText}`;
  const audiences: readonly unknown[] = has('aud') ? [aud].flat() : [];
  if (audiences.some((one) => typeof one !== 'string')) return 'claim_invalid aud';
  if (Number(exp) <= Number(iat)) return 'claim_invalid exp';
  if (Number(exp) <= now - skew) return 'token_expired exp';
  if (Number(nbf) > now + skew) return 'token_not_yet_valid nbf';
  if (Number(iat) > now + skew) return 'token_not_yet_valid iat';
  if (by.issuer !== undefined && said['iss'] !== by.issuer) return 'issuer_unknown';
  if (ours !== undefined && !audiences.some((one) => ours.some((name) => name === one))) return 'audience_mismatch';
  const began = has('iat') ? Number(iat) : now;
  return longest !== undefined && Number(exp) - began > longest ? 'lifetime_exceeded' : undefined;
}

function isDate(value: unknown): boolean {
  return Number(value) === value && value >= 0 && value < 2 ** 53;
}
