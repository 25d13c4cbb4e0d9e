import { JoseError } from '../../oauth/jws.ts';
import { parseJwt, verifyJwtSignature } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import type { Realm } from '../persona.ts';

/** The claims of a token this persona signed for this issuer, expired or not; undefined for anything else. */
export function readOwnToken(realm: Realm, issuer: string, token: string): Claims | undefined {
  try {
    const keys = realm.keys.published.map((key) => key.verification);
    const algorithms = realm.keys.published.map((key) => key.signing.alg);
    const jwt = verifyJwtSignature(parseJwt(token), keys, { algorithms, kidRequired: true });
    return jwt.claims['iss'] === issuer ? jwt.claims : undefined;
  } catch (error) {
    if (error instanceof JoseError) return undefined;
    throw error;
  }
}
