import { isAlgorithm } from '../../oauth/algorithms.ts';
import { JoseError, parseCompactJws } from '../../oauth/jws.ts';
import type { JoseErrorCode, ParsedJws } from '../../oauth/jws.ts';
import { checkClaims, checkJwsSignature } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import type { Provider } from '../provider/provider.ts';

/** When and how generously a token is judged. */
export interface JudgeOptions {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly leewaySeconds: number;
}

/** What of a provider its tokens are judged by. */
interface JudgedBy extends Pick<Provider, 'keySet' | 'headers'>, Partial<Pick<Provider, 'issuerName'>> {
  readonly settings: Pick<Provider['settings'], 'issuer' | 'audience' | 'algorithms'>;
}

/** What a good token says, and the text it says it with. */
export interface GoodToken {
  readonly claims: Claims;
  readonly text: string;
}

/**
 * Judges a token of one provider, in the order of sidecar-sdk.md 2.2. Throws JoseError, of which `keys_unavailable` says nothing about
 * the token, and PayloadRefused.
 */
export async function judgeToken(token: string, provider: JudgedBy, options: JudgeOptions): Promise<GoodToken> {
  const jws = parseCompactJws(token, { memo: provider.headers });
  const { kid, alg } = jws.header;
  if (!isAlgorithm(alg)) throw new JoseError('header_refused', 'the algorithm is not known');
  if (jws.payload.length === 0) throw new JoseError('token_malformed', 'a segment is empty');
  if (kid === undefined) throw new JoseError('key_id_missing', 'the token names no key');
  const { audience, algorithms } = provider.settings;
  const keys = await provider.keySet.keysFor(kid, alg);
  checkJwsSignature(jws, keys, { algorithms, kidRequired: true });
  const claims = parsePayload(jws);
  checkClaims(claims, {
    now: options.now,
    skewSeconds: options.leewaySeconds,
    // Asked for now: with the keys came what the provider calls itself.
    issuer: provider.issuerName?.() ?? provider.settings.issuer,
    ...(audience === undefined ? {} : { audience }),
  });
  return { claims, text: jws.payload.toString('utf8') };
}

function parsePayload(jws: ParsedJws): Claims {
  try {
    const claims = parseStrictJson(jws.payload);
    if (isJsonObject(claims)) return claims;
  } catch {
    // Refused below, like any other payload that is not an object.
  }
  throw new PayloadRefused();
}

/** The signature was right, but the payload is no claims set. */
export class PayloadRefused extends Error {}

const TEXTS: { readonly [code in JoseErrorCode]?: string } = {
  key_id_missing: 'missing key id from token header',
  key_unknown: 'no key of this identity provider fits: the token may be from another provider',
  algorithm_refused: 'invalid token: InvalidAlgorithm',
  signature_invalid: 'invalid token: InvalidSignature',
  claim_missing: 'invalid token: Missing required claim: %',
  claim_invalid: 'invalid token: claim % is invalid',
  token_expired: 'invalid token: ExpiredSignature',
  token_not_yet_valid: 'invalid token: ImmatureSignature',
  issuer_unknown: 'invalid token: InvalidIssuer',
  audience_mismatch: 'invalid token: InvalidAudience',
};

/** The `error` of an inactive answer (sidecar-sdk.md 2.2, last column). */
export function inactiveText(error: JoseError | PayloadRefused): string {
  if (error instanceof PayloadRefused) return 'invalid token: InvalidToken';
  return TEXTS[error.code]?.replace('%', error.claim ?? '') ?? 'invalid token header: InvalidToken';
}
