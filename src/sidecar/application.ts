import type { Fetch } from '../oauth/fetch.ts';
import type { Clock } from '../oauth/time.ts';
import type { TokenEndpointLimits } from '../oauth/token-endpoint/token-endpoint.ts';
import type { TokenCacheEvent } from '../oauth/tokens/cached-token.ts';
import { createTokenCache } from '../oauth/tokens/token-cache.ts';
import type { Emit } from '../observe/events.ts';
import { clientKey } from './acquire/acquire.ts';
import { createKnownRequests } from './acquire/known-requests.ts';
import type { SidecarConfig } from './config.ts';
import type { SidecarContext } from './context.ts';
import type { SidecarEvent } from './events.ts';
import { createProvider } from './provider/provider.ts';
import type { Provider, ProviderDependencies } from './provider/provider.ts';
import { judgeConfig } from './reload/judge-config.ts';
import type { JudgedConfig } from './reload/judge-config.ts';
import { createIssuers } from './reload/issuers.ts';
import type { Issuers } from './reload/issuers.ts';
import { createKnownBodies } from './judge/known-bodies.ts';
import { createResultCache } from './judge/result-cache.ts';

export { SidecarMisconfigured } from './reload/judge-config.ts';

/** What the application side of a sidecar runs on. */
export interface ApplicationDependencies {
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<SidecarEvent>;
  /** Those of a process with several applications, which closes them itself; its own unless given. */
  readonly issuers?: Issuers;
  /** Limits of calls to token endpoints that differ from the usual ones. */
  readonly limits?: Partial<TokenEndpointLimits> | undefined;
  /** What one token endpoint is asked through, where several applications have a share in the way out. */
  readonly share?: (fetch: Fetch) => Fetch;
  /** Reads credentials again: asked for when a provider did not accept the client. */
  readonly readAgain?: () => Promise<unknown>;
}

/** One application: its providers, keys and tokens. */
export interface Application {
  /** What endpoints work with at this moment; asked for at the start of each request. */
  readonly context: () => SidecarContext;
  /** Begins to load keys; not waited for. */
  start(): void;
  /**
   * From the next request on this configuration; those under way end with the one before. Tokens, keys of issuers and breakers stay
   * where client and issuer are the same. Throws SidecarMisconfigured, and then nothing has changed.
   */
  reconfigure(config: SidecarConfig): void;
  close(): void;
}

/** Opens what one application needs; nothing is fetched yet. Throws SidecarMisconfigured. */
export function createApplication(config: SidecarConfig, dependencies: ApplicationDependencies): Application {
  const { now, emit } = dependencies;
  const issuers = dependencies.issuers ?? createIssuers(dependencies);
  const parts = { ...dependencies, issuers };
  const judged = judgeConfig(config);
  const cache = createTokenCache<string>({
    now,
    maxBytes: config.cacheMaxBytes,
    refreshAhead: config.refreshAhead,
    staleOnError: true,
    onEvent: (told) => tellCache(told, emit),
  });
  let context = contextOf(config, { cache, now, emit, providers: openProviders(judged, parts) });

  function reconfigure(next: SidecarConfig): void {
    const before = context.providers;
    const providers = openProviders(judgeConfig(next), parts, before);
    context = contextOf(next, { cache, now, emit, providers });
    for (const old of before.values()) {
      issuers.release(old.issuer);
      // Nothing asks for these any more.
      if (providers.get(old.settings.name)?.credential !== old.credential) cache.forget(clientKey(old.settings));
    }
    warm(providers);
  }

  return {
    context: () => context,
    start: () => warm(context.providers),
    reconfigure,
    close() {
      cache.close();
      for (const { issuer } of context.providers.values()) issuers.release(issuer);
      if (dependencies.issuers === undefined) issuers.close();
    },
  };
}

function tellCache(told: TokenCacheEvent, emit: Emit<SidecarEvent>): void {
  const { event, provider } = told;
  if (event === 'stale') emit({ event: 'sidecar.stale', provider });
  else emit({ event: 'sidecar.refresh', provider, outcome: event === 'refreshed' ? 'success' : 'failure' });
}

/** Not waited for: tokens never need the keys, and a provider may come up after us. */
function warm(providers: ReadonlyMap<string, Provider>): void {
  for (const { keySet } of providers.values()) void keySet.ready();
}

type Lasting = Pick<SidecarContext, 'providers' | 'cache' | 'now' | 'emit'>;

function contextOf(config: SidecarConfig, lasting: Lasting): SidecarContext {
  const { jsonOnly, targets, leewaySeconds, validateUserToken } = config;
  const results = createResultCache(config, lasting.now);
  const [known, bodies] = [createKnownRequests(), createKnownBodies()];
  return { ...lasting, known, bodies, jsonOnly, targets, leewaySeconds, validateUserToken, results };
}

function openProviders(
  { settings, urlRules, localHosts }: JudgedConfig,
  { fetch, now, emit, issuers, limits, share, readAgain }: ApplicationDependencies & { readonly issuers: Issuers },
  before?: ReadonlyMap<string, Provider>,
): ReadonlyMap<string, Provider> {
  const parts: ProviderDependencies = { fetch, now, emit, issuers, urlRules, limits, share, readAgain };
  if (before === undefined && localHosts !== undefined) {
    emit({ event: 'sidecar.local_providers_allowed', hosts: localHosts });
  }
  return new Map(
    Array.from(settings, ([name, each]) => {
      const old = before?.get(name);
      if (each.audience === undefined && old === undefined)
        emit({ event: 'sidecar.audience_unchecked', provider: name });
      return [name, createProvider(each, parts, old)];
    }),
  );
}
