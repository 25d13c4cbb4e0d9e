/** One login client at one OpenID provider: everything the grants below need, assembled once. */
import type { Client, ClientAuth } from 'oauth4webapi';
import { clockSkew, clockTolerance } from 'oauth4webapi';
import type { Algorithm } from '../oauth/algorithms.ts';
import type { Fetch } from '../oauth/fetch.ts';
import type { KeySet } from '../oauth/jwks.ts';
import { createRemoteKeySet } from '../oauth/jwks.ts';
import type { KeySetPace } from '../oauth/jwks-pace.ts';
import type { Clock } from '../oauth/time.ts';
import { MINUTE } from '../oauth/time.ts';
import type { ClientCredential } from './client-authentication.ts';
import { authenticateClient } from './client-authentication.ts';
import type { ProviderKind } from './kinds.ts';
import type { LocalIssuers } from '../oauth/local-issuers.ts';
import { issuerUrlProblem } from '../oauth/local-issuers.ts';
import type { ConfiguredEndpoints, MetadataSource, ProviderMetadata } from './metadata.ts';
import { createMetadataSource } from './metadata.ts';

const TOLERANCE_SECONDS = 60;
const KEYS_PAUSE_SECONDS = 5;

/** Anybody can send a token that has to be judged: its keys are asked for once a minute, whatever comes. */
const STRANGERS_PACE: KeySetPace = {
  coolDownSeconds: 1 * MINUTE,
  maxMisses: 64,
  maxAgeSeconds: { least: 1 * MINUTE, most: 10 * MINUTE },
  totalSeconds: 10,
};

/** How the operator described the client. */
export interface LoginClientConfig {
  readonly kind: ProviderKind;
  readonly clientId: string;
  readonly wellKnownUrl: string;
  readonly issuer?: string | undefined;
  readonly endpoints?: ConfiguredEndpoints | undefined;
  readonly tenants?: readonly string[] | undefined;
  readonly credential: ClientCredential;
  readonly level?: string | undefined;
  readonly locales?: readonly string[] | undefined;
  /** Of those keys of the provider that name none; undefined = every one that suits the key. */
  readonly jwksFallbackAlg?: Algorithm | undefined;
  readonly local: LocalIssuers;
}

/** A login client, ready to call its provider. */
export interface LoginClient {
  readonly kind: ProviderKind;
  readonly clientId: string;
  readonly metadata: MetadataSource;
  readonly keySet: KeySet;
  /** The same keys for tokens that strangers can send: what these make us fetch is not taken from the logins' budget. */
  readonly strangersKeySet: KeySet;
  readonly fetch: Fetch;
  readonly now: Clock;
  /** The client for oauth4webapi, on our clock. */
  readonly client: () => Client;
  /** Client authentication; signs a new assertion at every use. */
  readonly authentication: (metadata: ProviderMetadata) => ClientAuth;
  close(): void;
}

/** Makes the login client; nothing is fetched before the first use. */
export function createLoginClient(
  config: LoginClientConfig,
  deps: { readonly fetch: Fetch; readonly now: Clock; readonly onMetadataFailure?: (reason: string) => void },
): LoginClient {
  const { kind, clientId } = config;
  const metadata = createMetadataSource({
    wellKnownUrl: config.wellKnownUrl,
    fetch: deps.fetch,
    now: deps.now,
    demands: {
      kind,
      local: config.local,
      issuer: config.issuer,
      endpoints: config.endpoints,
      tenants: config.tenants,
      level: config.level,
      locales: config.locales,
      assertionAlgorithm: config.credential.kind === 'key' ? config.credential.key.alg : undefined,
    },
    ...(deps.onMetadataFailure === undefined ? {} : { onFailure: deps.onMetadataFailure }),
  });
  const keys = {
    jwksUri: async (): Promise<string> => {
      const uri = (await metadata.get()).endpoint('jwks_uri');
      if (uri === undefined) throw new Error('metadata has no jwks_uri');
      return uri;
    },
    fetch: deps.fetch,
    now: deps.now,
    fallbackAlgorithm: config.jwksFallbackAlg,
    isAllowedUrl: (url: string): boolean => issuerUrlProblem(url, config.local) === undefined,
    // A provider with one key may leave it, and what it signs, without a name.
    allowMissingKid: true,
  };
  // ID tokens come from the provider itself: one with an unknown key says that its keys are new, however often that happens.
  const keySet = createRemoteKeySet({ ...keys, longestPauseSeconds: KEYS_PAUSE_SECONDS });
  const strangersKeySet = createRemoteKeySet({ ...keys, pace: STRANGERS_PACE });
  return {
    kind,
    clientId,
    metadata,
    keySet,
    strangersKeySet,
    fetch: deps.fetch,
    now: deps.now,
    client: () => ({
      client_id: clientId,
      [clockSkew]: Math.round(deps.now() - Date.now() / 1000),
      [clockTolerance]: TOLERANCE_SECONDS,
    }),
    authentication: (loaded) => authenticateClient(config.credential, { clientId, metadata: loaded, now: deps.now }),
    close: () => {
      keySet.close();
      strangersKeySet.close();
    },
  };
}
