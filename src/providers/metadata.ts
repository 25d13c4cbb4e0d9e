/** A provider's metadata as a login client needs it: fetched, judged once, cached, refetched behind. */
import type { AuthorizationServer } from 'oauth4webapi';
import { algorithmNamed } from '../oauth/algorithms.ts';
import type { Algorithm } from '../oauth/algorithms.ts';
import type { Fetch } from '../oauth/fetch.ts';
import type { ServerMetadata } from '../oauth/metadata.ts';
import { fetchMetadata } from '../oauth/metadata.ts';
import { stringListClaim } from '../oauth/jwt.ts';
import { DAY, MINUTE } from '../oauth/time.ts';
import type { Clock } from '../oauth/time.ts';
import type { ProviderKind } from './kinds.ts';
import type { LocalIssuers } from '../oauth/local-issuers.ts';
import { issuerUrlProblem } from '../oauth/local-issuers.ts';
import { issuerForTenant, sharedIssuer } from './tenant-issuer.ts';

const CACHE_SECONDS: number = 1 * DAY;
const RETRY_SECONDS: number = 1 * MINUTE;

const WELL_KNOWN = '/.well-known/openid-configuration';
const ENDPOINTS = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'pushed_authorization_request_endpoint',
  'end_session_endpoint',
  'revocation_endpoint',
  'userinfo_endpoint',
] as const;

type Endpoint = (typeof ENDPOINTS)[number];

const ID_TOKEN_ALGORITHMS: readonly Algorithm[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];

/** Metadata of one provider, judged: what is here may be used. */
export interface ProviderMetadata {
  readonly issuer: string;
  /** The issuer a token of this tenant (`tid`) has to have; undefined when no such token is accepted. */
  readonly issuerFor: (tid: unknown) => string | undefined;
  readonly endpoint: (name: Endpoint) => string | undefined;
  /** RFC 9207: authorization answers carry `iss`. */
  readonly issuerInAnswers: boolean;
  /** ID tokens carry `sid` because both front-channel flags are set. */
  readonly sidPromised: boolean;
  readonly levels: readonly string[] | undefined;
  readonly locales: readonly string[] | undefined;
  readonly prompts: readonly string[] | undefined;
  readonly clientAuthMethods: readonly string[];
  readonly idTokenAlgorithms: readonly Algorithm[];
  /** The same for oauth4webapi. */
  readonly server: AuthorizationServer;
}

/** Endpoints that are known without asking the provider. */
export interface ConfiguredEndpoints {
  readonly jwksUri?: string | undefined;
  readonly tokenEndpoint?: string | undefined;
}

/** What the configuration demands of metadata. */
export interface MetadataDemands {
  readonly kind: ProviderKind;
  readonly local: LocalIssuers;
  /** Compared byte for byte; undefined where only the well-known URL says whose metadata it is. */
  readonly issuer?: string | undefined;
  /** Whose tokens are accepted where tenants share an issuer. */
  readonly tenants?: readonly string[] | undefined;
  /** These win over the document's. */
  readonly endpoints?: ConfiguredEndpoints | undefined;
  readonly level?: string | undefined;
  readonly locales?: readonly string[] | undefined;
  /** Algorithm of our client assertions; undefined when we have a secret. */
  readonly assertionAlgorithm?: string | undefined;
}

/** The issuer whose metadata this URL has to give; undefined where one slash more or less is the same. */
function issuerOf(url: string, { issuer, kind, tenants = [] }: MetadataDemands): string | undefined {
  if (issuer !== undefined || !kind.exactIssuer || !url.endsWith(WELL_KNOWN)) return issuer;
  const shown = url.slice(0, -WELL_KNOWN.length);
  return tenants.length > 0 ? sharedIssuer(shown) : shown;
}

/** The endpoints we use; each was judged as a URL when the document was read. */
function endpointsOf(metadata: ServerMetadata, demands: MetadataDemands): Partial<Record<Endpoint, string>> {
  const found: Partial<Record<Endpoint, string>> = {};
  for (const name of ENDPOINTS) {
    const value = metadata[name];
    if (value !== undefined) found[name] = value;
  }
  const { jwksUri, tokenEndpoint } = demands.endpoints ?? {};
  if (jwksUri !== undefined) found.jwks_uri = jwksUri;
  if (tokenEndpoint !== undefined) found.token_endpoint = tokenEndpoint;
  for (const name of demands.kind.requiredMetadata) {
    if (!(name in found)) throw new Error(`metadata of ${metadata.issuer} has no ${name}`);
  }
  return found;
}

function idTokenAlgorithms(metadata: ServerMetadata, kind: ProviderKind): readonly Algorithm[] {
  const silent = kind.metadataSaysAll ? [] : ['RS256'];
  const listed = stringListClaim(metadata.raw, 'id_token_signing_alg_values_supported') ?? silent;
  const wanted = kind.pinnedAlgorithms ?? ID_TOKEN_ALGORITHMS;
  const known = new Set(listed.map(algorithmNamed));
  const usable = wanted.filter((algorithm) => known.has(algorithm));
  if (usable.length === 0) throw new Error(`metadata of ${metadata.issuer} offers no usable ID-token algorithm`);
  return usable;
}

function refuseUnmetDemands(metadata: ServerMetadata, demands: MetadataDemands): void {
  const silent = demands.kind.metadataSaysAll ? [] : undefined;
  const levels = stringListClaim(metadata.raw, 'acr_values_supported') ?? silent;
  if (demands.level !== undefined && levels !== undefined && !levels.includes(demands.level)) {
    throw new Error(`${metadata.issuer} does not offer the level ${demands.level}`);
  }
  const algorithms = stringListClaim(metadata.raw, 'token_endpoint_auth_signing_alg_values_supported');
  const { assertionAlgorithm } = demands;
  if (assertionAlgorithm !== undefined && algorithms !== undefined && !algorithms.includes(assertionAlgorithm)) {
    throw new Error(`${metadata.issuer} does not take client assertions signed with ${assertionAlgorithm}`);
  }
  const locales = stringListClaim(metadata.raw, 'ui_locales_supported') ?? silent;
  for (const locale of demands.locales ?? []) {
    if (locales !== undefined && !locales.includes(locale)) {
      throw new Error(`${metadata.issuer} does not offer the locale ${locale}`);
    }
  }
}

/** Judges fetched metadata; throws an Error that says what does not fit the configuration. */
function judgeMetadata(metadata: ServerMetadata, demands: MetadataDemands): ProviderMetadata {
  const { raw, issuer } = metadata;
  const endpoints = endpointsOf(metadata, demands);
  const algorithms = idTokenAlgorithms(metadata, demands.kind);
  refuseUnmetDemands(metadata, demands);
  return {
    issuer,
    issuerFor: (tid) => issuerForTenant(issuer, tid, demands.tenants ?? []),
    endpoint: (name) => endpoints[name],
    issuerInAnswers: raw['authorization_response_iss_parameter_supported'] === true,
    sidPromised: raw['frontchannel_logout_supported'] === true && raw['frontchannel_logout_session_supported'] === true,
    levels: stringListClaim(raw, 'acr_values_supported'),
    locales: stringListClaim(raw, 'ui_locales_supported'),
    prompts: stringListClaim(raw, 'prompt_values_supported'),
    clientAuthMethods: stringListClaim(raw, 'token_endpoint_auth_methods_supported') ?? ['client_secret_basic'],
    idTokenAlgorithms: algorithms,
    server: { issuer, ...endpoints, id_token_signing_alg_values_supported: [...algorithms] },
  };
}

/** A provider's metadata over time. */
export interface MetadataSource {
  /** The cached metadata, else one shared fetch; rejects while the provider has never answered. */
  get(): Promise<ProviderMetadata>;
  /** What is loaded, without asking anybody. */
  loaded(): ProviderMetadata | undefined;
}

/** Fetches and keeps one provider's metadata: 24 hours, then refetched behind while the old one serves. */
export function createMetadataSource(options: {
  readonly wellKnownUrl: string;
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly demands: MetadataDemands;
  readonly onFailure?: (reason: string) => void;
}): MetadataSource {
  const { wellKnownUrl, now, demands } = options;
  let current: { readonly metadata: ProviderMetadata; readonly refetchAt: number } | undefined;
  let running: Promise<ProviderMetadata> | undefined;

  async function load(): Promise<ProviderMetadata> {
    try {
      const isAllowedUrl = (url: string): boolean => issuerUrlProblem(url, demands.local) === undefined;
      const expectedIssuer = issuerOf(wellKnownUrl, demands);
      const document = await fetchMetadata(wellKnownUrl, {
        fetch: options.fetch,
        isAllowedUrl,
        ...(expectedIssuer === undefined ? {} : { expectedIssuer }),
      });
      const metadata = judgeMetadata(document, demands);
      current = { metadata, refetchAt: now() + CACHE_SECONDS };
      return metadata;
    } catch (error) {
      if (current !== undefined) current = { metadata: current.metadata, refetchAt: now() + RETRY_SECONDS };
      options.onFailure?.(error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      running = undefined;
    }
  }

  function fetchOnce(): Promise<ProviderMetadata> {
    running ??= load();
    return running;
  }

  return {
    loaded: () => current?.metadata,
    async get() {
      if (current === undefined) return fetchOnce();
      if (now() >= current.refetchAt) fetchOnce().catch(() => undefined);
      return current.metadata;
    },
  };
}
