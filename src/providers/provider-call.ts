/** One call to a provider through oauth4webapi: our fetch, a time limit, faults in our words. */
import { allowInsecureRequests, customFetch } from 'oauth4webapi';
import { AnswerTooLong, readBody } from '../oauth/read-body.ts';
import type { LoginClient } from './login-client.ts';
import { ProviderFault, answerFault, isTransientStatus, networkFault } from './provider-fault.ts';

const MAX_ANSWER_BYTES: number = 256 * 1024;
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Options every oauth4webapi request takes. Plain http was judged when metadata was read. */
export interface CallOptions {
  readonly [allowInsecureRequests]: true;
  readonly [customFetch]: (
    url: string,
    options: {
      readonly method: string;
      readonly headers: Record<string, string>;
      readonly body?: unknown;
      readonly signal?: AbortSignal;
    },
  ) => Promise<Response>;
  readonly signal: AbortSignal;
}

function bodyText(body: unknown): string | undefined {
  return typeof body === 'string' || body instanceof URLSearchParams ? body.toString() : undefined;
}

/** Makes the call and reads its answer whole, so that an answer cut short is a broken connection, not a wrong answer. */
async function fetchWhole(
  client: LoginClient,
  endpoint: string,
  request: Parameters<LoginClient['fetch']>,
): Promise<Response> {
  try {
    const response = await client.fetch(...request);
    const { status, headers } = response;
    const body = await readBody(response, MAX_ANSWER_BYTES);
    return new Response(BODILESS.has(status) ? null : new Uint8Array(body), { status, headers });
  } catch (cause) {
    if (cause instanceof AnswerTooLong) throw new ProviderFault({ kind: 'invalid', endpoint, cause });
    throw networkFault(endpoint, cause);
  }
}

function callOptions(client: LoginClient, endpoint: string, milliseconds: number): CallOptions {
  return {
    [allowInsecureRequests]: true,
    [customFetch]: (url, { method, headers, body, signal }) => {
      const text = bodyText(body);
      const init: RequestInit = {
        method,
        headers,
        redirect: 'manual',
        ...(text === undefined ? {} : { body: text }),
        ...(signal === undefined ? {} : { signal }),
      };
      return fetchWhole(client, endpoint, [url, init]);
    },
    signal: AbortSignal.timeout(milliseconds),
  };
}

/**
 * Sends one request and reads its answer.
 * Throws ProviderFault: `unavailable` or `timeout` when there was no usable answer, `refused` or `invalid` otherwise.
 */
export async function callProvider<T>(
  client: LoginClient,
  call: {
    readonly endpoint: string;
    readonly milliseconds: number;
    readonly send: (options: CallOptions) => Promise<Response>;
    readonly read: (response: Response) => Promise<T>;
  },
): Promise<T> {
  const { endpoint } = call;
  let response: Response;
  try {
    response = await call.send(callOptions(client, endpoint, call.milliseconds));
  } catch (cause) {
    // What is no fault of the call itself is a request that could not be made.
    throw cause instanceof ProviderFault ? cause : new ProviderFault({ kind: 'invalid', endpoint, cause });
  }
  if (isTransientStatus(response.status)) {
    throw new ProviderFault({ kind: 'unavailable', endpoint, status: response.status });
  }
  try {
    return await call.read(response);
  } catch (cause) {
    throw answerFault(endpoint, response.status, cause);
  }
}
