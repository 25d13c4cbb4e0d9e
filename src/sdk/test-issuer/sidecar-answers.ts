import type { TokenRequestFailed } from '../../oauth/token-endpoint/token-failure.ts';

const HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' };

/** JSON that nobody keeps: every answer of a sidecar. A text is JSON already. */
export function answerWith(
  status: number,
  body: object | string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Response(text, { status, headers: { ...HEADERS, ...headers } });
}

/** 400 `invalid_request`. */
export function badRequest(description: string): Response {
  return answerWith(400, { error: 'invalid_request', error_description: description });
}

/** The provider's own status, code and text, and the kind of its refusal (sidecar-sdk.md 3.4). */
export function failureAnswer(failed: TokenRequestFailed): Response {
  const { status, error, description, kind, failure } = failed;
  const isPause = status === 429 || status === 503 || failure === 'unreachable';
  const pause = isPause ? failed.retryAfterSeconds : undefined;
  return answerWith(
    status,
    { error, error_description: description },
    { 'fullmakt-refusal': kind, ...(pause === undefined ? {} : { 'retry-after': String(pause) }) },
  );
}
