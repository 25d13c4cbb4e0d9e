/** Calls to providers: measured, traced, and told of when they fail. */
import type { Fetch } from '../../oauth/fetch.ts';
import { isAddressRefused } from '../../oauth/fetch.ts';
import type { Emit } from '../../observe/events.ts';
import type { Tracer } from '../../observe/tracing.ts';
import type { ProviderMetadata } from '../../providers/metadata.ts';
import { faultOf } from '../../web/fault.ts';
import type { LoginEvent } from '../events.ts';

/** Whose calls are watched. */
export interface CallParts {
  readonly fetch: Fetch;
  readonly tracer: Tracer;
  readonly emit: Emit<LoginEvent>;
  readonly provider: string;
  readonly clientId: string;
  readonly wellKnownUrl: string;
  /** Where another network's tokens are had; its calls are no fault of the provider's. */
  readonly exchangeUrl?: string | undefined;
  /** The provider's metadata while they are known. */
  readonly metadata: () => ProviderMetadata | undefined;
}

/** What an endpoint is called in figures and traces. */
const NAMES = {
  token_endpoint: 'token',
  jwks_uri: 'jwks',
  pushed_authorization_request_endpoint: 'par',
  revocation_endpoint: 'revocation',
  userinfo_endpoint: 'userinfo',
} as const;
const ENDPOINTS: readonly (keyof typeof NAMES)[] = [
  'token_endpoint',
  'jwks_uri',
  'pushed_authorization_request_endpoint',
  'revocation_endpoint',
  'userinfo_endpoint',
];

function endpointOf(url: string, { wellKnownUrl, exchangeUrl, metadata }: CallParts): string {
  if (url === wellKnownUrl) return 'metadata';
  const known = metadata();
  const found = ENDPOINTS.find((name) => known?.endpoint(name) === url);
  if (found !== undefined) return NAMES[found];
  return exchangeUrl !== undefined && new URL(url).origin === new URL(exchangeUrl).origin ? 'tokenx' : 'other';
}

function outcomeOf(status: number): 'ok' | 'refused' | 'failed' {
  if (status >= 500) return 'failed';
  return status >= 400 ? 'refused' : 'ok';
}

/** The same `fetch`, watched. The place in the trace goes with every call. */
export function watchCalls(parts: CallParts): Fetch {
  const { tracer, emit, provider, clientId } = parts;
  return async (url, init) => {
    const endpoint = endpointOf(url, parts);
    const method = init?.method ?? 'GET';
    const begun = performance.now();
    const done = (outcome: 'ok' | 'refused' | 'failed', what: string): void => {
      emit({ event: 'idp.call', provider, endpoint, outcome, seconds: (performance.now() - begun) / 1000 });
      // Metadata say more of their failure themselves.
      if (outcome !== 'failed' || endpoint === 'metadata') return;
      emit({ event: 'provider.unavailable', provider, client_id: clientId, reason: `${endpoint}: ${what}` });
    };
    const attributes = {
      'http.request.method': method,
      'fullmakt.provider': provider,
      'fullmakt.endpoint': endpoint,
    };
    return tracer.span({ name: `${method} ${endpoint}`, kind: 'client', attributes }, async (span) => {
      try {
        const answer = await parts.fetch(url, withHeaders(init, tracer.headers()));
        span.set('http.response.status_code', answer.status);
        if (answer.status >= 400) span.end(String(answer.status));
        done(outcomeOf(answer.status), String(answer.status));
        return answer;
      } catch (error) {
        // A look whether the provider is on the public network: where it is not, nothing was sent, and the call comes next.
        if (init?.reach !== 'public' || !isAddressRefused(error)) done('failed', faultOf(error));
        throw error;
      }
    });
  };
}

function withHeaders(init: Parameters<Fetch>[1], added: Readonly<Record<string, string>>): Parameters<Fetch>[1] {
  const names = Object.entries(added);
  if (names.length === 0) return init;
  const headers = new Headers(init?.headers);
  for (const [name, value] of names) headers.set(name, value);
  return { ...init, headers };
}
