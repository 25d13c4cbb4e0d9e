import type { Fetch } from '../../oauth/fetch.ts';
import { createRemoteKeySet, createStaticKeySet } from '../../oauth/jwks.ts';
import type { KeySet, KeySetEvent } from '../../oauth/jwks.ts';
import { fetchMetadata } from '../../oauth/metadata.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { DAY } from '../../oauth/time.ts';
import type { Clock } from '../../oauth/time.ts';
import type { Provider } from '../principal.ts';
import type { IssuerConfig } from '../settings/options.ts';
import type { Telemetry } from '../telemetry.ts';
import { clockedFetch } from '../telemetry/clocked-fetch.ts';

/** An issuer and where its keys come from. */
export interface TrustedIssuer {
  readonly config: IssuerConfig;
  readonly keySet: KeySet;
}

interface Dependencies {
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly telemetry: Telemetry;
  /** https, and what else the environment allows. */
  readonly isAllowedUrl: (url: string) => boolean;
}

/** The built-in fetch waits for minutes. */
const QUIET_SECONDS = 5;

/** Asks for the key set's address at most once a day, and serves the last one while the provider cannot be asked. */
function discoverJwksUri(
  { url, issuer, signal }: { readonly url: string; readonly issuer: string; readonly signal: AbortSignal },
  { fetch, now, isAllowedUrl }: Dependencies,
): () => Promise<string> {
  let known: { readonly jwksUri: string; readonly at: number } | undefined;
  return async () => {
    if (known !== undefined && now() - known.at < DAY) return known.jwksUri;
    try {
      const { jwks_uri: jwksUri } = await fetchMetadata(url, {
        fetch,
        expectedIssuer: issuer,
        isAllowedUrl,
        quietSeconds: QUIET_SECONDS,
        signal,
      });
      if (jwksUri === undefined) throw new Error(`the metadata of ${issuer} names no key set`);
      known = { jwksUri, at: now() };
      return jwksUri;
    } catch (error) {
      if (known !== undefined) return known.jwksUri;
      throw error;
    }
  };
}

/** Ties an issuer to its keys; nothing is fetched before the first token or `ready()`. */
export function trustIssuer(config: IssuerConfig, dependencies: Dependencies): TrustedIssuer {
  const { keys, provider } = config;
  if ('jwks' in keys) {
    const list: unknown = isJsonObject(keys.jwks) ? keys.jwks['keys'] : undefined;
    return { config, keySet: createStaticKeySet(Array.isArray(list) ? list : []) };
  }
  const { now, telemetry, isAllowedUrl } = dependencies;
  const fetch = clockedFetch(provider, dependencies);
  const stop = new AbortController();
  const where = { issuer: config.issuer, signal: stop.signal };
  const jwksUri =
    'jwksUri' in keys
      ? keys.jwksUri
      : discoverJwksUri({ ...where, url: keys.wellKnownUrl }, { ...dependencies, fetch });
  const keySet = createRemoteKeySet({
    jwksUri,
    quietSeconds: QUIET_SECONDS,
    fetch,
    now,
    isAllowedUrl,
    onEvent: (told) => {
      tellOfKeys(told, provider, telemetry);
    },
    onSuppressed: (because) => telemetry.meters?.keys(provider, because, 'suppressed'),
  });
  watchKeys(keySet, provider, dependencies);
  const close = (): void => {
    // First the set, so that it does not take the end of its discovery for a failure.
    keySet.close();
    stop.abort();
  };
  return { config, keySet: { ...keySet, close } };
}

function tellOfKeys(told: KeySetEvent, provider: Provider, { emit, meters }: Telemetry): void {
  if (told.event === 'jwks.fetched') {
    meters?.keys(provider, told.because, 'success');
    emit({ event: 'keys.fetched', provider });
  }
  if (told.event === 'jwks.failed') {
    meters?.keys(provider, told.because, 'failure');
    // Where no set was ever loaded, nothing is stale: who is refused for that is told of as keys_unavailable.
    if (told.ageSeconds !== undefined) emit({ event: 'keys.stale', provider });
  }
}

function watchKeys(keySet: KeySet, provider: Provider, { now, telemetry }: Dependencies): void {
  const { meters } = telemetry;
  meters?.watch('jwks_keys', { issuer: provider }, () => keySet.state().keys);
  meters?.watch('jwks_age_seconds', { issuer: provider }, () => {
    const { fetchedAt } = keySet.state();
    return fetchedAt === undefined ? undefined : now() - fetchedAt;
  });
}
