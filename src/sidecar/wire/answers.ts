import type { TokenRequestFailed } from '../../oauth/token-endpoint/token-failure.ts';
import { json, JSON_HEADERS } from '../../web/http.ts';
import type { HttpResponse } from '../../web/http.ts';

/** On every answer of ours. */
export const NO_STORE: Readonly<Record<string, string>> = Object.freeze({
  'Cache-Control': 'no-store',
  Pragma: 'no-cache',
});
/** All that a good answer has: whoever adds no-store to the others finds it there. */
export const JSON_NO_STORE: Readonly<Record<string, string>> = Object.freeze({ ...JSON_HEADERS, ...NO_STORE });

/** 400 `invalid_request`: the request cannot be served as it is. */
export function badRequest(description: string): HttpResponse {
  return json(400, { error: 'invalid_request', error_description: description });
}

/** 400 `invalid_grant`: the user token is not good, whatever the provider would say. */
export function invalidGrant(description: string): HttpResponse {
  return json(400, { error: 'invalid_grant', error_description: description });
}

/** 403 `invalid_request`: the front door, by name of the rule. */
export function forbidden(description: string): HttpResponse {
  return json(403, { error: 'invalid_request', error_description: description });
}

/** 500 `server_error`: the provider could not be asked. */
export function providerUnavailable(reason: string): HttpResponse {
  return json(500, { error: 'server_error', error_description: `Identity provider request failed: ${reason}` });
}

/** The token, with exactly the members of the contract; `expiresIn` in whole seconds. */
export function tokenAnswer(accessToken: string, expiresIn: number): HttpResponse {
  const body = JSON.stringify({ access_token: accessToken, token_type: 'Bearer', expires_in: expiresIn });
  return { status: 200, headers: JSON_NO_STORE, body };
}

/** The provider's own status, code and text, beside the headers of {@link failureHeaders}. */
export function failureAnswer(failed: TokenRequestFailed): HttpResponse {
  const body = { error: failed.error, error_description: failed.description };
  return json(failed.status, body, failureHeaders(failed));
}

/** The class of a failure, which the numbers its provider gave decided, and the pause the provider asks for. */
export function failureHeaders(failed: TokenRequestFailed): Readonly<Record<string, string>> {
  const { status, failure } = failed;
  // Of other answers it would be a promise the provider did not make.
  const isPause = status === 429 || status === 503 || failure === 'unreachable';
  const retryAfterSeconds = isPause ? failed.retryAfterSeconds : undefined;
  return {
    'Fullmakt-Refusal': failed.kind,
    ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
  };
}
