import type { TokenRequestFailed } from '../../oauth/token-endpoint/token-failure.ts';
import type { HttpResponse } from '../../web/http.ts';
import type { SidecarContext } from '../context.ts';
import { badRequest, failureAnswer, invalidGrant, providerUnavailable, tokenAnswer } from '../wire/answers.ts';

/** What an endpoint says to each thing that can come of a token request; what is done before is the same for all of them. */
export interface TokenAnswers {
  /** The endpoint, in figures. */
  readonly path: string;
  /** The provider is not switched on. */
  readonly off: (description: string) => HttpResponse;
  /** The provider gives no such tokens. */
  readonly unsupported: (description: string) => HttpResponse;
  /** The target is not among those that may be asked for. */
  readonly targetRefused: (description: string, provider: string) => HttpResponse;
  readonly userTokenRefused: (description: string) => HttpResponse;
  /** There are no keys to judge a user token by. */
  readonly unavailable: (reason: string) => HttpResponse;
  readonly granted: (accessToken: string, expiresIn: number) => HttpResponse;
  readonly failed: (failed: TokenRequestFailed) => HttpResponse;
}

/** What a token request is served with. */
export interface TokenService {
  readonly context: SidecarContext;
  readonly answers: TokenAnswers;
}

/** Those of an endpoint under /api/v1 (sidecar-sdk.md 3.4). */
export function apiAnswers(path: string): TokenAnswers {
  return {
    path,
    off: badRequest,
    unsupported: badRequest,
    targetRefused: badRequest,
    userTokenRefused: invalidGrant,
    unavailable: providerUnavailable,
    granted: tokenAnswer,
    failed: failureAnswer,
  };
}
