import { ALL_ALGORITHMS } from '../../src/oauth/algorithms.ts';
import { createHeaderMemo } from '../../src/oauth/jws-header.ts';
import { createRemoteKeySet } from '../../src/oauth/jwks.ts';
import type { KeySet } from '../../src/oauth/jwks.ts';
import { JoseError, parseCompactJws } from '../../src/oauth/jws.ts';
import { checkJwsSignature } from '../../src/oauth/jwt.ts';
import { judgeToken, PayloadRefused } from '../../src/oauth/judge-token.ts';

/** Whether a verifier takes the signature of a token under a key set; anything thrown but a refusal is a bug. */
type Stage = (token: string, keySet: KeySet) => Promise<boolean>;

const URL_OF_KEYS = 'https://vectors.example.test/jwks';

/** Refusals that come after the signature was found right: what was signed is no claims set. */
const AFTER_SIGNATURE: ReadonlySet<string> = new Set(['claim_missing', 'claim_invalid', 'token_expired']);

/** The checks up to the signature as each verifier makes them, told that every algorithm there is will do. */
export const STAGES: Readonly<Record<'SDK' | 'sidecar', Stage>> = {
  SDK: async (token, keySet) => {
    try {
      const jws = parseCompactJws(token);
      const { kid, alg } = jws.header;
      const keys = kid === undefined ? [] : await keySet.keysFor(kid, alg);
      checkJwsSignature(jws, keys, { algorithms: ALL_ALGORITHMS, kidRequired: true });
      return true;
    } catch (error) {
      if (error instanceof JoseError) return false;
      throw error;
    }
  },
  sidecar: async (token, keySet) => {
    try {
      const settings = { issuer: 'x', audience: undefined, algorithms: ALL_ALGORITHMS };
      const provider = { settings, keySet, headers: createHeaderMemo() };
      await judgeToken(token, provider, { now: 0, leewaySeconds: 60 });
      return true;
    } catch (error) {
      if (error instanceof PayloadRefused) return true;
      if (error instanceof JoseError) return AFTER_SIGNATURE.has(error.code);
      throw error;
    }
  },
};

/** A key set as both have theirs: fetched, and its keys judged one by one. */
export function keySetOf(document: unknown): KeySet {
  return createRemoteKeySet({
    jwksUri: URL_OF_KEYS,
    now: () => 0,
    pause: async () => {},
    fetch: async () => Response.json(document),
  });
}
