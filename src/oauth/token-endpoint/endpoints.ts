import type { Fetch } from '../fetch.ts';
import { fetchMetadata } from '../metadata.ts';
import type { ServerMetadata } from '../metadata.ts';
import { HOUR, neverBack } from '../time.ts';
import type { Clock } from '../time.ts';

const METADATA_AGE_SECONDS = 24 * HOUR;
const FIRST_PAUSE_SECONDS = 1;
const LONGEST_PAUSE_SECONDS = 30;

/** Where a provider is reached; discovery happens at most once a day and only for what was not configured. */
export interface Endpoints {
  /** Throws when metadata is needed and not obtainable, or does not name a token endpoint. */
  tokenEndpoint(): Promise<string>;
  /** Throws likewise. */
  jwksUri(): Promise<string>;
  /** The configured issuer, else the one that metadata shows. Throws likewise. */
  issuer(): Promise<string>;
  /** The configured issuer, else the one of metadata that was read already. */
  issuerInMemory(): string | undefined;
}

/** What discovery runs on. */
export interface EndpointDependencies {
  readonly fetch: Fetch;
  readonly now: Clock;
  /** https, and what else the environment allows. */
  readonly isAllowedUrl: (url: string) => boolean;
}

/** Where a provider is, as far as it was configured; what is missing comes from the well-known document. */
export interface ConfiguredEndpoints {
  readonly wellKnownUrl?: string | undefined;
  readonly jwksUri?: string | undefined;
  readonly tokenEndpoint?: string | undefined;
}

/** Explicit endpoints win; the rest comes from the well-known document, whose issuer has to be ours (RFC 8414 3.3). */
export function createEndpoints(
  settings: { readonly endpoints: ConfiguredEndpoints; readonly issuer?: string },
  { fetch, now: clock, isAllowedUrl }: EndpointDependencies,
): Endpoints {
  const now = neverBack(clock);
  const { endpoints, issuer } = settings;
  const named = issuer ?? endpoints.wellKnownUrl ?? 'a provider';
  let loaded: { readonly metadata: ServerMetadata; readonly at: number } | undefined;
  let loading: Promise<ServerMetadata> | undefined;
  let pauseSeconds = 0;
  let pausedUntil = 0;
  let failure: unknown;

  function fetchOnce(url: string): Promise<ServerMetadata> {
    loading ??= load(url);
    return loading;
  }

  async function load(url: string): Promise<ServerMetadata> {
    try {
      const metadata = await fetchMetadata(url, {
        fetch,
        isAllowedUrl,
        ...(issuer === undefined ? {} : { expectedIssuer: issuer }),
      });
      loaded = { metadata, at: now() };
      pauseSeconds = 0;
      failure = undefined;
      return metadata;
    } catch (error) {
      failure = error;
      pauseSeconds = Math.min(Math.max(pauseSeconds * 2, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS);
      pausedUntil = now() + pauseSeconds;
      throw error;
    } finally {
      loading = undefined;
    }
  }

  /** What was true yesterday serves on while the provider is asked again, and while it cannot be asked. */
  async function current(): Promise<ServerMetadata> {
    const url = endpoints.wellKnownUrl;
    if (url === undefined) throw new Error(`no well-known URL is configured for ${named}`);
    const paused = now() < pausedUntil;
    if (loaded !== undefined) {
      if (now() - loaded.at >= METADATA_AGE_SECONDS && !paused) fetchOnce(url).catch(() => undefined);
      return loaded.metadata;
    }
    if (paused) throw new Error(`metadata of ${named} could not be read a moment ago`, { cause: failure });
    return await fetchOnce(url);
  }

  async function find(configured: string | undefined, name: 'token_endpoint' | 'jwks_uri'): Promise<string> {
    if (configured !== undefined) return configured;
    const found = (await current())[name];
    if (found === undefined) throw new Error(`metadata of ${named} has no ${name}`);
    return found;
  }

  return {
    tokenEndpoint: () => find(endpoints.tokenEndpoint, 'token_endpoint'),
    jwksUri: () => find(endpoints.jwksUri, 'jwks_uri'),
    issuer: async () => issuer ?? (await current()).issuer,
    issuerInMemory: () => issuer ?? loaded?.metadata.issuer,
  };
}
