import { isAlgorithm } from '../oauth/algorithms.ts';
import { JoseError, parseCompactJws, verifySignature } from '../oauth/jws.ts';
import type { JoseErrorCode, ParsedJws } from '../oauth/jws.ts';
import { checkClaims } from '../oauth/jwt.ts';
import { isJsonObject } from '../oauth/objects.ts';
import { parseStrictJson } from '../oauth/strict-json.ts';
import type { Provider } from './provider.ts';

/** When and how generously a token is judged. */
export interface JudgeOptions {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly leewaySeconds: number;
}

/**
 * Judges a token of one provider, in the order of sidecar-sdk.md 2.2, and gives the text of its claims. Throws
 * JoseError; `keys_unavailable` says nothing about the token.
 */
export async function judgeToken(token: string, provider: Provider, options: JudgeOptions): Promise<string> {
  const jws = parseCompactJws(token);
  if (!isAlgorithm(jws.header.alg)) throw new JoseError('header_refused', 'the algorithm is not known');
  await checkSignature(jws, provider);
  const claims = parsePayload(jws);
  const { audience, issuer } = provider.settings;
  checkClaims(claims, {
    now: options.now,
    skewSeconds: options.leewaySeconds,
    issuer,
    ...(audience === undefined ? {} : { audience }),
  });
  return jws.payload.toString('utf8');
}

async function checkSignature(jws: ParsedJws, { keySet, settings }: Provider): Promise<void> {
  const { kid, alg } = jws.header;
  if (kid === undefined) throw new JoseError('key_id_missing', 'the token names no key');
  const keys = await keySet.keysFor(kid, alg);
  if (keys.length === 0) throw new JoseError('key_unknown', 'no key of this provider fits');
  const fits = settings.algorithms.some((allowed) => allowed === alg);
  const candidates = keys.filter((key) => key.algorithms.some((allowed) => allowed === alg));
  if (!fits || candidates.length === 0) throw new JoseError('algorithm_refused', 'the algorithm does not fit');
  if (!candidates.some((key) => verifySignature(jws, key))) {
    throw new JoseError('signature_invalid', 'the signature is not right');
  }
}

function parsePayload(jws: ParsedJws): Readonly<Record<string, unknown>> {
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
