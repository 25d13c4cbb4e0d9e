import type { RefusalKind } from './refusal-kind.ts';

/**
 * Where a token request ended: the provider answered with an OAuth error, it gave no usable answer, or we could not
 * sign the assertion. Only the first has an `error` of the provider's own.
 */
export type TokenFailureKind = 'refused' | 'unreachable' | 'signing';

/** Everything a caller may learn of a failed token request; holds no token, assertion or key. */
export interface TokenFailureFacts {
  readonly failure: TokenFailureKind;
  readonly kind: RefusalKind;
  /** The provider's HTTP status when refused, else 500. */
  readonly status: number;
  readonly error: string;
  readonly description: string;
  /** Whether the provider was not there to answer, so that trying again, or what it gave before, may serve. No unless given. */
  readonly unavailable?: boolean | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** A token request that brought no token. Thrown, so that a cache never stores it and every waiter gets it once. */
export class TokenRequestFailed extends Error {
  readonly failure: TokenFailureKind;
  readonly kind: RefusalKind;
  readonly status: number;
  readonly error: string;
  readonly description: string;
  readonly unavailable: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(facts: TokenFailureFacts) {
    super(`${facts.error}: ${facts.description}`, { cause: facts.cause });
    this.name = 'TokenRequestFailed';
    this.failure = facts.failure;
    this.kind = facts.kind;
    this.status = facts.status;
    this.error = facts.error;
    this.description = facts.description;
    this.unavailable = facts.unavailable ?? false;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

/** The provider gave no usable answer: not there (`unavailable`), too slow, too much, or not what a token endpoint says. */
export function unreachable(
  reason: string,
  detail: Pick<TokenFailureFacts, 'cause' | 'retryAfterSeconds' | 'unavailable'> = {},
): TokenRequestFailed {
  return new TokenRequestFailed({
    failure: 'unreachable',
    kind: 'transient',
    status: 500,
    error: 'server_error',
    description: `Identity provider request failed: ${reason}`,
    ...detail,
  });
}

/** The assertion could not be signed: a bad key, or a signer that is not there. */
export function signingFailed(cause: unknown): TokenRequestFailed {
  return new TokenRequestFailed({
    failure: 'signing',
    kind: 'credential',
    status: 500,
    error: 'server_error',
    description: 'Failed to sign assertion',
    cause,
  });
}
