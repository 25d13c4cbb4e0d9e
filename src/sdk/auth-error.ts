import { challengeText } from './http/challenge.ts';

/** Why a request was refused. A closed union; the docs list each with its status. */
export type AuthErrorCode =
  | 'token_missing'
  | 'token_too_large'
  | 'token_malformed'
  | 'header_refused'
  | 'type_refused'
  | 'algorithm_refused'
  | 'issuer_unknown'
  | 'key_id_missing'
  | 'keys_unavailable'
  | 'key_unknown'
  | 'signature_invalid'
  | 'claim_missing'
  | 'claim_invalid'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'audience_mismatch'
  | 'lifetime_exceeded'
  | 'scope_missing'
  | 'request_malformed'
  | 'wrong_kind'
  | 'role_missing'
  | 'group_missing'
  | 'groups_overage'
  | 'acr_too_low'
  | 'caller_not_allowed'
  | 'consumer_not_allowed';

/** What an error knows beside its code. `scope` and `acrValues` go into the challenge, `explanation` only when asked. */
export interface AuthErrorDetail {
  readonly explanation?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly scope?: string | undefined;
  readonly acrValues?: string | undefined;
}

const FORBIDDEN: ReadonlySet<AuthErrorCode> = new Set([
  'scope_missing',
  'wrong_kind',
  'role_missing',
  'group_missing',
  'groups_overage',
  'caller_not_allowed',
  'consumer_not_allowed',
]);

function statusOf(code: AuthErrorCode): 400 | 401 | 403 | 503 {
  if (code === 'request_malformed') return 400;
  if (code === 'keys_unavailable') return 503;
  return FORBIDDEN.has(code) ? 403 : 401;
}

/**
 * A refusal. `challenge()` is the value for `WWW-Authenticate` (RFC 6750 3, RFC 9470 3); undefined for 503.
 * `explanation` tells developers what was expected and which manifest line would help; never a token.
 */
export class AuthError extends Error {
  readonly code: AuthErrorCode;
  readonly status: 400 | 401 | 403 | 503;
  // Declared alone: what is not known of an error is no member of it, in logs as in comparisons.
  declare readonly retryAfterSeconds?: number;
  declare readonly explanation?: string;
  declare readonly scope?: string;
  declare readonly acrValues?: string;

  constructor(code: AuthErrorCode, detail: AuthErrorDetail = {}) {
    super(detail.explanation === undefined ? code : `${code}: ${detail.explanation}`);
    this.name = 'AuthError';
    this.code = code;
    this.status = statusOf(code);
    if (detail.retryAfterSeconds !== undefined) this.retryAfterSeconds = detail.retryAfterSeconds;
    if (detail.explanation !== undefined) this.explanation = detail.explanation;
    if (detail.scope !== undefined) this.scope = detail.scope;
    if (detail.acrValues !== undefined) this.acrValues = detail.acrValues;
  }

  challenge(options: { readonly realm?: string; readonly resourceMetadata?: string } = {}): string | undefined {
    return challengeText(this, options);
  }
}

/** The same refusal without its explanation: what strangers may see. */
export function withoutExplanation(error: AuthError): AuthError {
  const { code, retryAfterSeconds, scope, acrValues } = error;
  return error.explanation === undefined ? error : new AuthError(code, { retryAfterSeconds, scope, acrValues });
}
