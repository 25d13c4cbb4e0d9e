import type { Algorithm } from './algorithms.ts';
import type { KeySet } from './jwks.ts';
import { JoseError } from './jws.ts';
import { type UnverifiedJwt, type VerifiedJwt, verifyJwtSignature } from './jwt.ts';

/** With which keys and algorithms an issuer signs. */
export interface IssuerKeys {
  readonly keySet: KeySet;
  readonly algorithms: readonly Algorithm[];
}

/**
 * Checks the signature of a token of one issuer. A bad signature of a token without `kid` is tried once more with freshly fetched
 * keys, as far as the key set's pace allows. Throws JoseError.
 */
export async function verifyIssuerSignature(
  jwt: UnverifiedJwt,
  { keySet, algorithms }: IssuerKeys,
): Promise<VerifiedJwt> {
  const { kid, alg } = jwt.header;
  try {
    return verifyJwtSignature(jwt, await keySet.keysFor(kid, alg), { algorithms });
  } catch (error) {
    const stale = error instanceof JoseError && (error.code === 'signature_invalid' || error.code === 'key_unknown');
    // The provider may have changed its keys without naming them.
    if (!stale || kid !== undefined || !(await keySet.refresh())) throw error;
    return verifyJwtSignature(jwt, await keySet.keysFor(kid, alg), { algorithms });
  }
}
