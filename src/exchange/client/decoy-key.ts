import { importVerificationKey } from '../../oauth/jwk.ts';
import type { VerificationKey } from '../../oauth/jwk.ts';

/** Public halves of keys nobody has. */
const RSA: VerificationKey = importVerificationKey({
  kty: 'RSA',
  e: 'AQAB',
  n:
    '8yV8BT0R2nd86RoVC1aIyYQorplPjfDFmodC08w_xiy6vvCsjNyfX0J4ZcohlPT2d0u1W6fLE7ng48IZQF6qDuUMhjZU-T7NuVXrZgydTCVlwBzTIwUz' +
    'LR9vlKvAjXvqMQkRCqZ-SRE7_cF-OE6F-mN-xDyQalCIDk12MkioBj5Eix9dLrE6SsfG86Cqb6Tm445DkOP5pv-hRT7ReKF3sJcayBLQ8OcwKRUa-jPQ' +
    'LvPTOggmjjy6FpI7TNLK-xvzdYJ3ccbIEXEb1IZ1KitZNJ6oBBj_q518KrcU2LplOKZzcWTX1mBnTxMzBi1G9wLAn0yE5vqQKVnKv8wD6wA-bQ',
});
const EC: VerificationKey = importVerificationKey({
  kty: 'EC',
  crv: 'P-256',
  x: 'YrDRzi1NJ2wSszvInwVz8K1USIaSmDv6rhClrtbPUzQ',
  y: 'KUfecZqJjBw9zMKwTYXzL36CmmjNtureAs17chl299g',
});
const ED25519: VerificationKey = importVerificationKey({
  kty: 'OKP',
  crv: 'Ed25519',
  x: '9INHLrEyuRisGpu6fHb1hq2oRQW15GHlPyzgt04gdO8',
});

/** A key for the algorithm that nobody has: an assertion by an unknown client costs the verification a known client's would. */
export function decoyKey(algorithm: string): VerificationKey {
  return [EC, ED25519].find((key) => key.algorithms.some((each) => each === algorithm)) ?? RSA;
}
