import type { Fetch } from '../../oauth/fetch.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { AnswerTooLong, readBody } from '../../oauth/read-body.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import type { Clock } from '../../oauth/time.ts';
import { AcquireError, refusedBySidecar } from './acquire-error.ts';

/** A token as the sidecar gave it; `expiresIn` in seconds from now. */
export interface SidecarToken {
  readonly accessToken: string;
  readonly expiresIn: number;
}

/** Where the sidecar is, and which variable says so. */
export interface SidecarAddress {
  readonly url: string;
  readonly variable: 'NAIS_TOKEN_ENDPOINT' | 'NAIS_TOKEN_EXCHANGE_ENDPOINT';
}

const TOTAL_MILLISECONDS = 12_000;
const MAX_BYTES = 1024 * 1024;

function parseJson(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes);
  } catch {
    return undefined;
  }
}

async function send(
  fetch: Fetch,
  { url, variable }: SidecarAddress,
  form: object,
): Promise<{ readonly response: Response; readonly bytes: Buffer }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'error',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(form),
      signal: AbortSignal.timeout(TOTAL_MILLISECONDS),
    });
    return { response, bytes: await readBody(response, MAX_BYTES) };
  } catch (cause) {
    if (cause instanceof AnswerTooLong) throw noToken(variable, undefined);
    throw new AcquireError(
      'transient',
      `the sidecar cannot be reached, or does not answer: ${variable} says where it is`,
      { cause },
    );
  }
}

/** Asks the sidecar (sidecar-sdk.md 3.1). Throws AcquireError. */
export async function askSidecar(
  { fetch, now }: { readonly fetch: Fetch; readonly now: Clock },
  address: SidecarAddress,
  form: { readonly user_token?: string; readonly [field: string]: unknown },
): Promise<SidecarToken> {
  const { response, bytes } = await send(fetch, address, form);
  const { variable } = address;
  const body = parseJson(bytes);
  if (!response.ok) throw refusedBySidecar(response, body, { userToken: form.user_token, now: now(), variable });
  const answer = isJsonObject(body) ? body : {};
  const { access_token: accessToken, token_type: type, expires_in: expiresIn } = answer;
  const isBearer = typeof type === 'string' && type.toLowerCase() === 'bearer';
  if (typeof accessToken !== 'string' || accessToken === '' || !isBearer) throw noToken(variable, response.status);
  if (typeof expiresIn !== 'number' || !Number.isSafeInteger(expiresIn) || expiresIn < 0)
    throw noToken(variable, response.status);
  return { accessToken, expiresIn };
}

function noToken(variable: string, status: number | undefined): AcquireError {
  return new AcquireError('transient', `the sidecar gave an answer that is no token: is ${variable} its address?`, {
    status,
  });
}
