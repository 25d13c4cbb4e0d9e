import { createOutboundFetch } from '../../src/web/outbound-fetch.ts';
import type { Fetch } from '../../src/oauth/fetch.ts';

/** A call of the login proxy to the provider, and what came back. */
export interface SeenCall {
  readonly path: string;
  readonly method: string;
  readonly authorization: string | null;
  readonly form: URLSearchParams;
  readonly answer: string;
}

/** The way out of a proxy that remembers what went through it; `answered` may put something else in an answer's place. Close it, or sockets stay. */
export function recordCalls(): { readonly calls: SeenCall[]; readonly fetch: Fetch; close(): Promise<void> } {
  const calls: SeenCall[] = [];
  const outbound = createOutboundFetch();
  return {
    calls,
    fetch: async (url, init = {}) => {
      const response = await outbound.fetch(url, init);
      const answer = await response.text();
      calls.push({
        path: new URL(url).pathname,
        method: init.method ?? 'GET',
        authorization: new Headers(init.headers).get('authorization'),
        form: new URLSearchParams(await new Response(init.body ?? null).text()),
        answer,
      });
      return new Response(answer === '' ? null : answer, { status: response.status, headers: response.headers });
    },
    close: () => outbound.close(),
  };
}
