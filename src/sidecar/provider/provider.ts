import type { Fetch } from '../../oauth/fetch.ts';
import type { GrantClient } from '../../oauth/grants/acquisition-forms.ts';
import type { KeySet } from '../../oauth/jwks.ts';
import type { HeaderMemo } from '../../oauth/jws-header.ts';
import type { Clock } from '../../oauth/time.ts';
import type { Emit } from '../../observe/events.ts';
import type { Endpoints } from '../../oauth/token-endpoint/endpoints.ts';
import type { ProviderSettings } from '../../providers/provider-settings.ts';
import { createTokenEndpoint } from '../../oauth/token-endpoint/token-endpoint.ts';
import type { TokenEndpoint, TokenEndpointLimits } from '../../oauth/token-endpoint/token-endpoint.ts';
import type { SidecarEvent } from '../events.ts';
import { grantClientOf } from './grant-client.ts';
import { createCredential } from '../reload/credential.ts';
import type { Credential } from '../reload/credential.ts';
import type { Issuer, Issuers, UrlRules } from '../reload/issuers.ts';

/** A provider that is switched on, with what is known of it at the moment. */
export interface Provider {
  readonly settings: ProviderSettings;
  readonly endpoints: Endpoints;
  readonly keySet: KeySet;
  readonly headers: HeaderMemo;
  readonly tokenEndpoint: TokenEndpoint;
  /** What requests are signed with; absent where tokens are only judged. */
  readonly credential: Credential | undefined;
  /** The client in what it asks for; absent with the credential. */
  readonly grantClient: GrantClient | undefined;
  /** What tokens have to name as their issuer: as configured, else as metadata says it once that is here. */
  readonly issuerName: () => string;
  /** What it shares with whoever else names this issuer. */
  readonly issuer: Issuer;
}

/** What the sidecar's providers run on. */
export interface ProviderDependencies {
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<SidecarEvent>;
  readonly issuers: Issuers;
  readonly urlRules: UrlRules;
  readonly limits?: Partial<TokenEndpointLimits> | undefined;
  /** What one token endpoint is asked through, where others have a share in the way out. */
  readonly share?: ((fetch: Fetch) => Fetch) | undefined;
  /** Reads credentials again; whoever a provider did not accept as client asks for it. */
  readonly readAgain?: (() => Promise<unknown>) | undefined;
}

/**
 * Ties settings to the network; nothing is fetched yet. Of `before`, the provider of this name until now, everything is kept that
 * does not depend on what has changed: keys and their age, metadata, the breaker.
 */
export function createProvider(
  settings: ProviderSettings,
  dependencies: ProviderDependencies,
  before?: Provider,
): Provider {
  const issuer = dependencies.issuers.take(settings, dependencies.urlRules);
  const credential = credentialOf(settings, dependencies.now, before);
  const { share = (fetch) => fetch } = dependencies;
  const isSameEndpoint = before?.endpoints === issuer.endpoints && before.credential === credential;
  const tokenEndpoint = isSameEndpoint
    ? before.tokenEndpoint
    : openTokenEndpoint(
        settings.name,
        { ...dependencies, fetch: share(issuer.clock.fetch) },
        { endpoints: issuer.endpoints, credential },
      );
  const issuerName = (): string => issuer.endpoints.issuerInMemory() ?? settings.issuer;
  const grantClient = grantClientOf({ settings, credential, issuerName });
  return { settings, ...issuer, tokenEndpoint, credential, grantClient, issuer, issuerName };
}

/** The same client at the same issuer keeps its place, with the newest key in it. */
function credentialOf({ client, issuer }: ProviderSettings, now: Clock, before?: Provider): Credential | undefined {
  if (client === undefined) return undefined;
  const kept = before?.settings.issuer === issuer ? before.credential : undefined;
  if (kept?.clientId !== client.clientId) return createCredential(client, now);
  kept.replace(client.key);
  return kept;
}

function openTokenEndpoint(
  provider: string,
  { fetch, now, emit, limits, readAgain }: ProviderDependencies,
  { endpoints, credential }: { readonly endpoints: Endpoints; readonly credential: Credential | undefined },
): TokenEndpoint {
  return createTokenEndpoint({
    url: () => endpoints.tokenEndpoint(),
    fetch,
    now,
    limits,
    onAttempt: ({ outcome, seconds }) => {
      emit({ event: 'sidecar.upstream', provider, outcome, seconds });
    },
    onInvalidClient: async () => {
      await readAgain?.();
      return credential?.changedLately() === true;
    },
  });
}
