import type { Fetch } from '../oauth/fetch.ts';
import { isJsonObject } from '../oauth/objects.ts';
import { parseStrictJson } from '../oauth/strict-json.ts';
import { AcquireError, refusedBySidecar } from './acquire-error.ts';

/** A token as the sidecar gave it; `expiresIn` in seconds from now. */
export interface SidecarToken {
  readonly accessToken: string;
  readonly expiresIn: number;
}

const TOTAL_MILLISECONDS = 12_000;
const MAX_BYTES = 1024 * 1024;

function parseJson(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch {
    return undefined;
  }
}

async function send(
  fetch: Fetch,
  url: string,
  form: object,
): Promise<{ readonly response: Response; readonly text: string }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'error',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(form),
      signal: AbortSignal.timeout(TOTAL_MILLISECONDS),
    });
    return { response, text: await response.text() };
  } catch (cause) {
    throw new AcquireError('transient', 'the sidecar cannot be reached', { cause });
  }
}

/** Asks the sidecar (sidecar-sdk.md 3.1). Throws AcquireError. */
export async function askSidecar(
  fetch: Fetch,
  url: string,
  form: { readonly user_token?: string; readonly [field: string]: unknown },
): Promise<SidecarToken> {
  const { response, text } = await send(fetch, url, form);
  const body = text.length > MAX_BYTES ? undefined : parseJson(text);
  if (!response.ok) throw refusedBySidecar(response, body, form.user_token !== undefined);
  const answer = isJsonObject(body) ? body : {};
  const { access_token: accessToken, expires_in: expiresIn } = answer;
  if (typeof accessToken !== 'string' || typeof expiresIn !== 'number' || !Number.isFinite(expiresIn)) {
    throw new AcquireError('transient', 'the sidecar gave an answer that is no token', { status: response.status });
  }
  return { accessToken, expiresIn };
}
