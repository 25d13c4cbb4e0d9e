import type { JoseError, JoseErrorCode } from './jose-error.ts';
import { PayloadRefused } from './judge-token.ts';

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
