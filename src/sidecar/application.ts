import type { Fetch } from '../oauth/fetch.ts';
import { issuerUrlProblem, parseLocalIssuers } from '../oauth/local-issuers.ts';
import type { Clock } from '../oauth/time.ts';
import { createTokenCache } from '../oauth/tokens/token-cache.ts';
import type { Emit } from '../observe/events.ts';
import { readProviders } from '../providers/environment.ts';
import type { SidecarConfig } from './config.ts';
import type { SidecarContext } from './context.ts';
import { isLoopback } from './door/front-door.ts';
import type { SidecarEvent } from './events.ts';
import { createProvider } from './provider.ts';
import type { Provider } from './provider.ts';

/** What the application side of a sidecar runs on. */
export interface ApplicationDependencies {
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly emit: Emit<SidecarEvent>;
}

/** One application: its providers, keys and tokens. */
export interface Application {
  /** What endpoints work with at this moment; asked for at the start of each request. */
  readonly context: () => SidecarContext;
  /** Begins to load keys; not waited for. */
  start(): void;
  close(): void;
}

/** The configuration cannot work; one problem a line, each naming its variable. */
export class SidecarMisconfigured extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'SidecarMisconfigured';
    this.problems = problems;
  }
}

const MAX_ENTRIES = 262_144;
/** As for the SDK: more would make expiry mean little. */
const MAX_LEEWAY_SECONDS = 120;

/** Opens what one application needs; nothing is fetched yet. Throws SidecarMisconfigured. */
export function createApplication(config: SidecarConfig, dependencies: ApplicationDependencies): Application {
  const { now, emit } = dependencies;
  const providers = openProviders(config, dependencies);
  const cache = createTokenCache<string>({ now, maxEntries: MAX_ENTRIES, maxBytes: config.cacheMaxBytes });
  const { jsonOnly, targets, leewaySeconds } = config;
  const context: SidecarContext = { providers, cache, now, emit, jsonOnly, targets, leewaySeconds };
  return {
    context: () => context,
    start() {
      // Not waited for: tokens never need the keys, and a provider may come up after us.
      for (const { keySet } of providers.values()) void keySet.ready();
    },
    close() {
      cache.close();
      for (const { keySet } of providers.values()) keySet.close();
    },
  };
}

function openProviders(config: SidecarConfig, dependencies: ApplicationDependencies): ReadonlyMap<string, Provider> {
  const { fetch, now, emit } = dependencies;
  const local = parseLocalIssuers(config.FULLMAKT_ALLOW_LOCAL_PROVIDERS);
  const read = readProviders({ ...variablesOf(config) });
  const problems = read.ok ? [] : [...read.problems];
  if (!isLoopback(config.bind.host) && !config.allowRemote) {
    problems.push(`BIND_ADDRESS is not loopback: only FULLMAKT_SIDECAR_ALLOW_REMOTE=true allows that`);
  }
  if (!(config.leewaySeconds >= 0 && config.leewaySeconds <= MAX_LEEWAY_SECONDS)) {
    problems.push(`FULLMAKT_SIDECAR_LEEWAY_SECONDS has to be between 0 and ${MAX_LEEWAY_SECONDS}`);
  }
  if (!read.ok || problems.length > 0) throw new SidecarMisconfigured(problems);
  if (local.allowed) emit({ event: 'sidecar.local_providers_allowed', hosts: local.hosts.join(',') });
  const isAllowedUrl = (url: string): boolean => issuerUrlProblem(url, local) === undefined;
  const providers = new Map<string, Provider>();
  for (const [name, settings] of read.providers) {
    if (settings.audience === undefined) emit({ event: 'sidecar.audience_unchecked', provider: name });
    providers.set(name, createProvider(settings, { fetch, now, emit, isAllowedUrl }));
  }
  return providers;
}

/** The members of the configuration that are variables of providers: those whose value is text. */
function variablesOf(config: SidecarConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
