/** One call to a provider through oauth4webapi: our fetch, a time limit, faults in our words. */
import { allowInsecureRequests, customFetch } from 'oauth4webapi';
import type { LoginClient } from './login-client.ts';
import { ProviderFault, answerFault, isTransientStatus, networkFault } from './provider-fault.ts';

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

function callOptions(client: LoginClient, milliseconds: number): CallOptions {
  return {
    [allowInsecureRequests]: true,
    [customFetch]: (url, { method, headers, body, signal }) => {
      const text = bodyText(body);
      return client.fetch(url, {
        method,
        headers,
        redirect: 'manual',
        ...(text === undefined ? {} : { body: text }),
        ...(signal === undefined ? {} : { signal }),
      });
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
    response = await call.send(callOptions(client, call.milliseconds));
  } catch (cause) {
    throw networkFault(endpoint, cause);
  }
  if (isTransientStatus(response.status)) {
    await response.body?.cancel();
    throw new ProviderFault({ kind: 'unavailable', endpoint, status: response.status });
  }
  try {
    return await call.read(response);
  } catch (cause) {
    throw answerFault(endpoint, response.status, cause);
  }
}
