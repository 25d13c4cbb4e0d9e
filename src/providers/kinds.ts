/** What the kinds of OpenID providers differ in, as data: code asks these fields, never which kind it is. */
import type { Algorithm } from '../oauth/algorithms.ts';
import { ENTRA_MAX_AGE_HONOURED, IDPORTEN_MAX_AGE_HONOURED } from './unconfirmed.ts';

/** The kinds a login client can have. */
export type ProviderKindName = 'idporten' | 'entra' | 'openid';

/** Networks of applications that know each other by name: `entra` is asked on behalf of the user, `tokenx` to exchange. */
export type ExchangeNetwork = 'entra' | 'tokenx';

/** One kind of provider as a login client sees it. */
export interface ProviderKind {
  readonly name: ProviderKindName;
  /** Scopes sent before the configured ones. */
  readonly scopes: (clientId: string) => readonly string[];
  /** Level asked for, and required of every session, when the operator names none. */
  readonly defaultLevel?: string;
  readonly defaultLocale?: string;
  /** Algorithms of ID tokens; undefined = what metadata lists. */
  readonly pinnedAlgorithms?: readonly Algorithm[];
  /** Whether `auth_time` must answer a `max_age` that was sent. */
  readonly maxAgeHonoured: boolean;
  readonly logout: {
    readonly method: 'GET' | 'POST';
    readonly idTokenHint: boolean;
    /** ID-token claim sent as `logout_hint`. */
    readonly hintClaim?: string;
  };
  /** Whether a session may end here while the provider's goes on (`/oauth2/logout/local`). */
  readonly localLogout: boolean;
  /** Whether a front-channel logout request must name its issuer. */
  readonly frontchannelIssuerRequired: boolean;
  /** Whether access tokens have no audience unless `resource` asks for one. */
  readonly audienceNeedsResource: boolean;
  /** Where the access token of a session is exchanged for that of another application. */
  readonly exchangeNetwork: ExchangeNetwork;
  /** Whether a refresh has to repeat the scopes. */
  readonly scopeOnRefresh: boolean;
  /** What metadata must offer, or the provider is not used. */
  readonly requiredMetadata: readonly string[];
  /** Whether the issuer is the well-known URL without its end, to the byte; else a slash at the end does not count. */
  readonly exactIssuer: boolean;
  /** Whether what metadata is silent about is not offered; else the operator is believed where a list is missing. */
  readonly metadataSaysAll: boolean;
}

const BASE_METADATA: readonly string[] = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'];

/** All kinds by name. */
export const PROVIDER_KINDS: Readonly<Record<ProviderKindName, ProviderKind>> = {
  idporten: {
    name: 'idporten',
    scopes: () => ['openid', 'profile'],
    defaultLevel: 'idporten-loa-high',
    defaultLocale: 'nb',
    pinnedAlgorithms: ['RS256'],
    maxAgeHonoured: IDPORTEN_MAX_AGE_HONOURED,
    logout: { method: 'POST', idTokenHint: true },
    localLogout: false,
    frontchannelIssuerRequired: true,
    audienceNeedsResource: true,
    exchangeNetwork: 'tokenx',
    scopeOnRefresh: false,
    requiredMetadata: [...BASE_METADATA, 'pushed_authorization_request_endpoint', 'end_session_endpoint'],
    exactIssuer: true,
    metadataSaysAll: true,
  },
  entra: {
    name: 'entra',
    scopes: (clientId) => ['openid', 'offline_access', `${clientId}/.default`],
    pinnedAlgorithms: ['RS256'],
    maxAgeHonoured: ENTRA_MAX_AGE_HONOURED,
    logout: { method: 'GET', idTokenHint: false, hintClaim: 'login_hint' },
    localLogout: true,
    frontchannelIssuerRequired: false,
    audienceNeedsResource: false,
    exchangeNetwork: 'entra',
    scopeOnRefresh: true,
    requiredMetadata: BASE_METADATA,
    exactIssuer: true,
    metadataSaysAll: false,
  },
  openid: {
    name: 'openid',
    scopes: () => ['openid'],
    maxAgeHonoured: true,
    logout: { method: 'GET', idTokenHint: true },
    localLogout: true,
    frontchannelIssuerRequired: false,
    audienceNeedsResource: false,
    exchangeNetwork: 'tokenx',
    scopeOnRefresh: false,
    requiredMetadata: BASE_METADATA,
    exactIssuer: false,
    metadataSaysAll: false,
  },
};
