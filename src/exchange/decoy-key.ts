import { importVerificationKey } from '../oauth/jwk.ts';
import type { VerificationKey } from '../oauth/jwk.ts';

/** The public half of a key nobody has: an assertion by an unknown client costs the verification a known client's would. */
export const DECOY_KEY: VerificationKey = importVerificationKey({
  kty: 'RSA',
  kid: 'nobody',
  alg: 'RS256',
  e: 'AQAB',
  n:
    '8yV8BT0R2nd86RoVC1aIyYQorplPjfDFmodC08w_xiy6vvCsjNyfX0J4ZcohlPT2d0u1W6fLE7ng48IZQF6qDuUMhjZU-T7NuVXrZgydTCVlwBzTIwUz' +
    'LR9vlKvAjXvqMQkRCqZ-SRE7_cF-OE6F-mN-xDyQalCIDk12MkioBj5Eix9dLrE6SsfG86Cqb6Tm445DkOP5pv-hRT7ReKF3sJcayBLQ8OcwKRUa-jPQ' +
    'LvPTOggmjjy6FpI7TNLK-xvzdYJ3ccbIEXEb1IZ1KitZNJ6oBBj_q518KrcU2LplOKZzcWTX1mBnTxMzBi1G9wLAn0yE5vqQKVnKv8wD6wA-bQ',
});
