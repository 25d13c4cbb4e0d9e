import type { Fetch } from '../oauth/fetch.ts';
import { createRemoteKeySet } from '../oauth/jwks.ts';
import type { KeySet } from '../oauth/jwks.ts';
import { createHeaderMemo } from '../oauth/jws-header.ts';
import type { HeaderMemo } from '../oauth/jws-header.ts';
import type { Clock } from '../oauth/time.ts';
import type { Emit } from '../observe/events.ts';
import { createEndpoints } from '../oauth/token-endpoint/endpoints.ts';
import type { Endpoints } from '../oauth/token-endpoint/endpoints.ts';
import type { ProviderSettings } from '../providers/provider-settings.ts';
import { createTokenEndpoint } from '../oauth/token-endpoint/token-endpoint.ts';
import type { TokenEndpoint } from '../oauth/token-endpoint/token-endpoint.ts';
import type { SidecarEvent } from './events.ts';

/** A provider that is switched on, with what is known of it at the moment. */
export interface Provider {
  readonly settings: ProviderSettings;
  readonly endpoints: Endpoints;
  readonly keySet: KeySet;
  readonly headers: HeaderMemo;
  readonly tokenEndpoint: TokenEndpoint;
}

/** What the sidecar's providers run on. */
export interface ProviderDependencies {
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<SidecarEvent>;
  readonly isAllowedUrl: (url: string) => boolean;
}

/** Ties settings to the network; nothing is fetched yet. */
export function createProvider(settings: ProviderSettings, dependencies: ProviderDependencies): Provider {
  const { fetch, now, emit, isAllowedUrl } = dependencies;
  const { name: provider } = settings;
  const endpoints = createEndpoints(settings, { fetch, now, isAllowedUrl });
  const keySet = createRemoteKeySet({
    jwksUri: () => endpoints.jwksUri(),
    fetch,
    now,
    isAllowedUrl,
    onEvent: (told) => {
      const reason = 'reason' in told ? told.reason : '';
      emit({ event: 'sidecar.keys', provider, outcome: told.event.replace('jwks.', ''), reason });
    },
  });
  const tokenEndpoint = createTokenEndpoint({
    url: () => endpoints.tokenEndpoint(),
    fetch,
    now,
    onAttempt: ({ outcome, seconds }) => {
      emit({ event: 'sidecar.upstream', provider, outcome, seconds });
    },
  });
  return { settings, endpoints, keySet, headers: createHeaderMemo(), tokenEndpoint };
}
