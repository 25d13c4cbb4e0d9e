import { TOKEN_TYPE } from '../../oauth/client-assertion.ts';
import {
  describable,
  errorResponse,
  invalidRequest,
  invalidScope,
  invalidTarget,
  OAuthError,
  unsupportedGrantType,
} from '../../oauth/errors.ts';
import type { TokenRequestFailed } from '../../oauth/token-endpoint/token-failure.ts';
import { json } from '../../web/http.ts';
import type { HttpResponse } from '../../web/http.ts';
import type { TokenAnswers } from '../acquire/token-answers.ts';
import { failureHeaders, tokenAnswer } from '../wire/answers.ts';

/** Of a 503 whose provider did not say when to come back: soon, as the sidecar itself keeps from a provider that is away. */
const SOON: Readonly<Record<string, string>> = { 'Retry-After': '1' };

/** The token endpoint, in figures: as the route table has it. */
const TOKEN_PATH = '/oauth2/:provider/token';

/** What the standard token endpoint says to client credentials (RFC 6749 5.1, 5.2; sidecar-sdk.md 3.7). */
export const CLIENT_CREDENTIALS_ANSWERS: TokenAnswers = {
  path: TOKEN_PATH,
  off: (description) => errorResponse(invalidRequest(description)),
  unsupported: (description) => errorResponse(unsupportedGrantType(description)),
  targetRefused: (description, provider) =>
    errorResponse(provider === 'tokenx' ? invalidTarget(description) : invalidScope(description)),
  // RFC 8693 2.2.2: a subject token that does not hold is a bad request, whatever is wrong with it.
  userTokenRefused: (description) => errorResponse(invalidRequest(description)),
  unavailable: keysUnavailable,
  granted: tokenAnswer,
  failed,
};

/** The same for exchanges, whose answer says what kind of token it is (RFC 8693 2.2.1). */
export const EXCHANGE_ANSWERS: TokenAnswers = {
  ...CLIENT_CREDENTIALS_ANSWERS,
  granted: (accessToken, expiresIn) =>
    json(200, {
      access_token: accessToken,
      issued_token_type: TOKEN_TYPE.accessToken,
      token_type: 'Bearer',
      expires_in: expiresIn,
    }),
};

/** 503 `server_error` with `Retry-After`: the provider could not be asked for its keys. */
export function keysUnavailable(reason: string): HttpResponse {
  const description = `Identity provider request failed: ${reason}`;
  return errorResponse(new OAuthError('server_error', description, { status: 503, headers: SOON }));
}

/**
 * The provider's own code and text, in what RFC 6749 5.2 allows. Who asks here is no client of the provider, so that its 401 and 403
 * are 400 too; where it gave no OAuth answer, or was not there, the answer is 503 with `Retry-After`.
 */
function failed(failure: TokenRequestFailed): HttpResponse {
  const description = describable(failure.description);
  const body = { error: failure.error, ...(description === '' ? {} : { error_description: description }) };
  const status = statusOf(failure);
  return json(status, body, { ...(status === 503 ? SOON : {}), ...failureHeaders(failure) });
}

function statusOf({ failure, status, error, unavailable }: TokenRequestFailed): number {
  if (failure === 'signing') return 500;
  if (failure === 'unreachable') return 503;
  if (status === 429) return 429;
  return unavailable || error === 'server_error' ? 503 : 400;
}
