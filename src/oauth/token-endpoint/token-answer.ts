import { isJsonObject } from '../objects.ts';
import { AnswerTooLong, readBody } from '../read-body.ts';
import { parseStrictJson } from '../strict-json.ts';
import { refusalKind } from './refusal-kind.ts';
import { TokenRequestFailed, unreachable } from './token-failure.ts';

/** A token as the provider gave it; `expiresIn` in whole seconds from now. */
export interface TokenGrant {
  readonly accessToken: string;
  readonly expiresIn: number;
}

/** Largest answer of a token endpoint that is read, in bytes. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_RETRY_AFTER_SECONDS = 3600;
const INVALID_ERROR_ANSWER = 'the identity provider returned an invalid error response';

/** `Retry-After` in seconds, at most an hour; undefined when absent or unreadable (RFC 9110 10.2.3). */
export function retryAfterSeconds(header: string | null, nowSeconds: number): number | undefined {
  if (header === null || header === '') return undefined;
  if (/^\d+$/.test(header)) return Math.min(Number(header), MAX_RETRY_AFTER_SECONDS);
  // Date.parse would make dates of other things, as of a negative number.
  const seconds = header.endsWith(' GMT') ? Math.ceil(Date.parse(header) / 1000 - nowSeconds) : Number.NaN;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER_SECONDS) : undefined;
}

/** Reads at most `MAX_ANSWER_BYTES`. Throws `TokenRequestFailed` when there is more. */
export async function readLimited(response: Response): Promise<Buffer> {
  try {
    return await readBody(response, MAX_ANSWER_BYTES);
  } catch (error) {
    throw error instanceof AnswerTooLong ? unreachable('the answer is larger than 1 MiB') : error;
  }
}

function parseObject(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseStrictJson(body);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 6749 5.1. Throws `TokenRequestFailed` when it is not a bearer token with a life of whole seconds. */
export function parseTokenAnswer(body: Uint8Array): TokenGrant {
  const answer = parseObject(body);
  if (answer === undefined) throw unreachable('the answer is not a JSON object');
  const accessToken = answer['access_token'];
  const tokenType = answer['token_type'];
  const expiresIn = answer['expires_in'];
  if (typeof accessToken !== 'string' || accessToken === '') throw unreachable('the answer has no access_token');
  if (typeof tokenType !== 'string' || tokenType.toLowerCase() !== 'bearer') {
    throw unreachable('the answer is not a bearer token');
  }
  if (typeof expiresIn !== 'number' || !Number.isSafeInteger(expiresIn) || expiresIn < 0) {
    throw unreachable('the answer has no usable expires_in');
  }
  return { accessToken, expiresIn };
}

/** RFC 6749 5.2: status, code and description stay the provider's own; anything else becomes one fixed text. */
export function parseErrorAnswer(
  status: number,
  body: Uint8Array,
  context: { readonly forUser: boolean; readonly retryAfterSeconds: number | undefined },
): TokenRequestFailed {
  const answer = parseObject(body) ?? {};
  const code = answer['error'];
  const description = answer['error_description'];
  const known = typeof code === 'string' && code !== '';
  const error = known ? code : 'server_error';
  return new TokenRequestFailed({
    failure: 'refused',
    kind: refusalKind({ status, error: known ? code : '', body: answer, forUser: context.forUser }),
    status,
    error,
    description: known ? (typeof description === 'string' ? description : '') : INVALID_ERROR_ANSWER,
    unavailable: status >= 500 || status === 408 || status === 429,
    retryAfterSeconds: context.retryAfterSeconds,
  });
}
