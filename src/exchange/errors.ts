import {
  accessDenied,
  invalidClient,
  invalidRequest,
  invalidScope,
  invalidTarget,
  serverError,
  temporarilyUnavailable,
  unauthorizedClient,
  unsupportedGrantType,
} from '../oauth/errors.ts';
import type { ErrorDetail, OAuthError } from '../oauth/errors.ts';

/** Every way a request can end without a token; on the wire it is `fm_reason`. */
export type Situation =
  | 'content-type'
  | 'content-encoding'
  | 'too-large'
  | 'too-many-parameters'
  | 'duplicate-parameter'
  | 'query-parameter'
  | 'parameter-missing'
  | 'unsupported-parameter'
  | 'requested-token-type'
  | 'grant-type'
  | 'grant-not-allowed'
  | 'client-auth-multiple'
  | 'client-auth-missing'
  | 'client-assertion-type'
  | 'client-assertion-malformed'
  | 'client-typ'
  | 'client-aud'
  | 'client-time'
  | 'client-lifetime'
  | 'client-jti'
  | 'client-replay'
  | 'client-id-mismatch'
  | 'client-auth-failed'
  | 'client-unknown'
  | 'client-sub-missing'
  | 'target-multiple'
  | 'resource-invalid'
  | 'target-mismatch'
  | 'target-unknown'
  | 'target-disabled'
  | 'target-provider-off'
  | 'target-issuer'
  | 'no-rule'
  | 'wildcard-network-only'
  | 'scope-unknown'
  | 'scope-empty'
  | 'subject-type'
  | 'subject-malformed'
  | 'subject-issuer'
  | 'subject-typ'
  | 'subject-signature'
  | 'subject-expired'
  | 'subject-time'
  | 'subject-kind'
  | 'subject-binding'
  | 'subject-not-for-caller'
  | 'subject-bound'
  | 'subject-revoked'
  | 'subject-sub-missing'
  | 'auth-time-missing'
  | 'token-too-large'
  | 'act-depth'
  | 'may-act'
  | 'actor-type'
  | 'actor-invalid'
  | 'actor-not-caller'
  | 'body-malformed'
  | 'key-unknown'
  | 'rate-limited'
  | 'overloaded'
  | 'replay-unavailable'
  | 'registry-stale'
  | 'audit-unavailable'
  | 'issuer-unavailable'
  | 'keys-unavailable'
  | 'deny-list-full'
  | 'registry-unavailable'
  | 'internal';

/** The two ways to tell a refusal. */
export const errorProfiles = ['rfc', 'tokendings'] as const;
/** One of them. */
export type ErrorProfile = (typeof errorProfiles)[number];

interface Profile {
  readonly make: (description: string, detail?: ErrorDetail) => OAuthError;
  readonly status: number;
}

/** How `rfc` tells it; `legacy` where `tokendings` tells it with another status or code. */
interface Row extends Profile {
  readonly legacy?: Profile;
}

const badRequest: Row = { make: invalidRequest, status: 400 };
const badClient: Row = { make: invalidClient, status: 401 };
const badTarget: Row = { make: invalidTarget, status: 400 };
const badScope: Row = { make: invalidScope, status: 400 };
const unavailable: Row = { make: temporarilyUnavailable, status: 503 };
/** What a tokendings server says of an assertion whatever is wrong in it, and of a target. */
const badAssertion: Row = { ...badClient, legacy: badRequest };
const badAudience: Row = { ...badTarget, legacy: badRequest };

const ROWS: Readonly<Record<Situation, Row>> = {
  'content-type': badRequest,
  'content-encoding': { make: invalidRequest, status: 415 },
  'too-large': { make: invalidRequest, status: 413 },
  'too-many-parameters': badRequest,
  'duplicate-parameter': badRequest,
  'query-parameter': badRequest,
  'parameter-missing': badRequest,
  'unsupported-parameter': badRequest,
  'requested-token-type': badRequest,
  'grant-type': { make: unsupportedGrantType, status: 400, legacy: { make: accessDenied, status: 403 } },
  'grant-not-allowed': { make: unauthorizedClient, status: 400 },
  'client-auth-multiple': badRequest,
  'client-auth-missing': badClient,
  'client-assertion-type': badClient,
  'client-assertion-malformed': badAssertion,
  'client-typ': badAssertion,
  'client-aud': badAssertion,
  'client-time': badAssertion,
  'client-lifetime': badClient,
  'client-jti': badAssertion,
  'client-replay': badClient,
  'client-id-mismatch': badClient,
  'client-auth-failed': badAssertion,
  'client-unknown': badClient,
  'client-sub-missing': badClient,
  'target-multiple': badTarget,
  'resource-invalid': badTarget,
  'target-mismatch': badTarget,
  'target-unknown': badAudience,
  'target-disabled': badTarget,
  'target-provider-off': badTarget,
  'target-issuer': badTarget,
  'no-rule': badAudience,
  'wildcard-network-only': badTarget,
  'scope-unknown': badScope,
  'scope-empty': badScope,
  'subject-type': badRequest,
  'subject-malformed': badRequest,
  'subject-issuer': badRequest,
  'subject-typ': badRequest,
  'subject-signature': badRequest,
  'subject-expired': badRequest,
  'subject-time': badRequest,
  'subject-kind': badRequest,
  'subject-binding': badRequest,
  'subject-not-for-caller': badRequest,
  'subject-bound': badRequest,
  'subject-revoked': badRequest,
  'subject-sub-missing': badRequest,
  'auth-time-missing': badRequest,
  'token-too-large': badRequest,
  'act-depth': badRequest,
  'may-act': badRequest,
  'actor-type': badRequest,
  'actor-invalid': badRequest,
  'actor-not-caller': badRequest,
  'body-malformed': badRequest,
  'key-unknown': { make: invalidRequest, status: 404 },
  'rate-limited': { make: temporarilyUnavailable, status: 429 },
  overloaded: unavailable,
  'replay-unavailable': unavailable,
  'registry-stale': unavailable,
  'audit-unavailable': unavailable,
  'issuer-unavailable': unavailable,
  'keys-unavailable': unavailable,
  'deny-list-full': unavailable,
  'registry-unavailable': unavailable,
  internal: { make: serverError, status: 500 },
};

const RETRY: Readonly<Record<string, string>> = { 'Retry-After': '1' };

/** Every situation with its row: what the documentation and the tests walk. */
export const situations: readonly Situation[] = Object.keys(ROWS).filter(isSituation);

/**
 * The refusal for a situation (RFC 6749 5.2, RFC 8693 2.2.2). `description` is shown to the caller; `detail.cause` goes to
 * the audit log only.
 */
export function refuse(
  situation: Situation,
  description: string,
  detail: { readonly cause?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): OAuthError {
  const { make, status } = ROWS[situation];
  const retry = status === 429 || status === 503 ? RETRY : {};
  return make(description, {
    reason: situation,
    status,
    cause: detail.cause,
    headers: { ...retry, ...detail.headers },
  });
}

/** The refusal as a profile tells it: the same words, with that profile's status and code. */
export function inProfile(error: OAuthError, profile: ErrorProfile): OAuthError {
  const { reason, headers, cause, description } = error;
  const legacy = profile === 'tokendings' ? ROWS[situationOf(error)].legacy : undefined;
  return legacy === undefined ? error : legacy.make(description, { reason, status: legacy.status, headers, cause });
}

/** The situation a refusal was made for; anything else is a bug of ours. */
export function situationOf({ reason }: OAuthError): Situation {
  return isSituation(reason) ? reason : 'internal';
}

function isSituation(text: string): text is Situation {
  return Object.hasOwn(ROWS, text);
}
