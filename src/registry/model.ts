/*
 * Types alone, and longer than a file should be on purpose: a snapshot, its apps, clients and grants name one another, and whoever reads one
 * reads most of them.
 */
import type { AppId } from './app-id.ts';
import type { Denial } from './denial.ts';
import type { IssuerRow } from './issuer-row.ts';
import type { PublicJwk } from '../oauth/jwk.ts';

/** The providers an app can be a client of. */
export type ClientProvider = 'tokenx' | 'azure' | 'idporten' | 'maskinporten' | 'openid';

/** Where a value stands in a manifest: 1-based line and column, and the spec path (`spec.accessPolicy.inbound.rules[2]`). */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
}

/** One app: what its manifest says, normalised. */
export interface App {
  readonly id: AppId;
  /** New for every incarnation: a re-created app inherits nothing. */
  readonly uid: string;
  /** Only grows, one step per changed manifest. */
  readonly generation: number;
  /** Of everything the manifest said; equal hash = nothing to write. */
  readonly hash: string;
  readonly state: 'active' | 'disabled' | 'deleting';
  /** Who declared it first, and alone may change it: `operator:<name>` for one that came over TokenX's registration API; absent = manifests. */
  readonly source?: string;
  readonly kind: string;
  readonly spec: AppSpec;
  /** Where parts of the manifest stand, by spec path; for messages that name a line. */
  readonly positions?: Readonly<Record<string, SourcePosition>>;
}

/** What an app asks of tokens issued for it (tokenx settings of its manifest); absent = the server's setting. */
export interface TokenxTokenSettings {
  readonly alg?: 'RS256' | 'ES256' | 'EdDSA' | 'PS256';
  readonly typ?: 'JWT' | 'at+jwt';
  /** Seconds. */
  readonly ttl?: number;
  readonly capBySubject?: boolean;
  /** Seconds after `auth_time`. */
  readonly maxSession?: number;
  readonly claims?: 'all' | 'all-legacy' | readonly string[];
  readonly act?: boolean;
  readonly azp?: boolean;
  readonly scope?: 'enforce' | 'echo';
  readonly limitScopeBySubject?: boolean;
}

/** A Maskinporten scope an app offers to other organisations. */
export interface ExposedScope {
  /** Full name: `prefix:product/name`. */
  readonly name: string;
  readonly enabled: boolean;
  /** Seconds. */
  readonly atMaxAge: number;
  /** Organisation numbers with access. */
  readonly consumers: readonly string[];
  readonly accessibleForAll: boolean;
  readonly allowedIntegrations: readonly string[];
  /** Where organisations may delegate it to suppliers (`altinn`); absent = nowhere. */
  readonly delegationSource?: string;
}

/** One line of `accessPolicy.inbound`: who may ask for a token for this app. Names may be `*`, clusters never. */
export interface InboundRule {
  readonly cluster: string;
  readonly namespace: string;
  readonly application: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly position: SourcePosition;
}

/** One line of `accessPolicy.outbound.rules`: network only, never a grant. */
export interface OutboundRule {
  readonly cluster: string;
  readonly namespace: string;
  readonly application: string;
  readonly position: SourcePosition;
}

/** The login of an app: one login proxy stands in front of it. */
export interface LoginSpec {
  readonly provider: 'idporten' | 'azure' | 'openid';
  readonly level?: string;
  readonly locale?: string;
  readonly autoLogin: boolean;
  readonly autoLoginIgnorePaths: readonly string[];
  readonly openid?: {
    readonly credentialsFile?: string;
    readonly wellKnownUrl: string;
    readonly scopes: readonly string[];
    readonly audiences: readonly string[];
  };
}

/** What a manifest says of TokenX. */
export interface TokenxSpec {
  readonly token: TokenxTokenSettings;
  readonly subjectIssuers?: readonly string[];
  /** What it may ask for as a client; absent = token exchange alone. */
  readonly grantTypes?: readonly TokenxGrant[];
  /** The target of a request that names none: plain OAuth clients send `scope` only. */
  readonly defaultAudience?: string;
  /** Names by which a request may mean this app (RFC 8707 2): absolute URIs. */
  readonly resources?: readonly string[];
}

/** The normalised `spec` of a manifest; spellings of NAIS are folded in. Lifetimes are seconds. */
export interface AppSpec {
  readonly ingresses: readonly string[];
  readonly port: number;
  readonly image?: string;
  readonly upstream: { readonly host: string; readonly port: number };
  readonly dev?: {
    readonly command: string | readonly string[];
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
  };
  readonly identity: { readonly mode: 'workload' | 'keys' | 'both'; readonly serviceAccount: string };
  readonly login?: LoginSpec;
  readonly azure?: {
    readonly tenant?: string;
    readonly allowAllUsers: boolean;
    readonly groups: readonly string[];
    readonly replyUrls: readonly string[];
  };
  readonly idporten?: {
    readonly accessTokenLifetime: number;
    readonly sessionLifetime: number;
    readonly scopes: readonly string[];
    readonly ssoDisabled: boolean;
    readonly postLogoutRedirectUris: readonly string[];
    readonly integrationType: string;
    readonly clientUri?: string;
  };
  readonly tokenx?: TokenxSpec;
  readonly maskinporten?: { readonly consumes: readonly string[]; readonly exposes: readonly ExposedScope[] };
  readonly inbound: readonly InboundRule[];
  readonly outbound: readonly OutboundRule[];
}

/** One app at one provider. `keys` are those the provider accepts: current, next and retiring. */
export interface Client {
  readonly app: AppId;
  readonly provider: ClientProvider;
  readonly clientId: string;
  readonly state: 'pending' | 'ready' | 'disabled';
  readonly keys: readonly PublicJwk[];
  readonly registration: Registration;
}

/** What a provider is told about a client. */
export type Registration =
  | TokenxRegistration
  | AzureRegistration
  | IdportenRegistration
  | MaskinportenRegistration
  | OpenidRegistration;

/** A TokenX client; it may be target and consumer. */
interface TokenxRegistration extends TokenxSpec {
  readonly provider: 'tokenx';
}

/** A grant of TokenX. */
export type TokenxGrant = 'token-exchange' | 'client_credentials';

/** An Entra application with its service principal. Secret hashes are hex SHA-256. */
export interface AzureRegistration {
  readonly provider: 'azure';
  readonly tenant?: string;
  readonly displayName: string;
  readonly servicePrincipalId: string;
  readonly identifierUris: readonly string[];
  readonly redirectUris: readonly string[];
  readonly frontchannelLogoutUri?: string;
  readonly allowAllUsers: boolean;
  readonly groups: readonly string[];
  readonly secretHashes: readonly string[];
  /** When a secret ends, by its hash: seconds since the epoch. One that is not named here never does. */
  readonly secretEnds?: Readonly<Record<string, number>>;
  /** Redirect URIs of browser applications: PKCE is compulsory there, no credential is needed, refresh tokens live 24 hours. */
  readonly spaRedirectUris?: readonly string[];
  readonly federatedCredentials?: readonly FederatedCredential[];
  /** Whose people may sign in: those of its own tenant (the default), or of every tenant. */
  readonly signInAudience?: 'AzureADMyOrg' | 'AzureADMultipleOrgs';
}

/** A foreign issuer's subject that may stand for an Entra application. All three names are compared as they are, case included. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  /** Keys of the issuer. Nothing is fetched from it, so they stand here. */
  readonly keys: readonly PublicJwk[];
}

/** An ID-porten client. Lifetimes are seconds, secret hashes hex SHA-256. */
export interface IdportenRegistration {
  readonly provider: 'idporten';
  readonly orgno: string;
  /** The organisation that runs the client for `orgno`, when that is another. */
  readonly supplierOrgno?: string;
  /** Ids under which the client may speak for its customers (`onbehalfof`). */
  readonly onBehalfOf?: readonly string[];
  /** What kind of program it is; without one `web`. */
  readonly applicationType?: 'web' | 'browser' | 'native';
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly frontchannelLogoutUri?: string;
  readonly frontchannelLogoutSessionRequired: boolean;
  readonly backchannelLogoutUri?: string;
  readonly backchannelLogoutSessionRequired?: boolean;
  readonly scopes: readonly string[];
  readonly accessTokenLifetime: number;
  readonly authorizationLifetime: number;
  readonly refreshTokenLifetime: number;
  readonly refreshTokenUsage: 'ONETIME' | 'REUSE';
  readonly tokenEndpointAuthMethod: 'private_key_jwt' | 'client_secret_basic' | 'client_secret_post' | 'none';
  readonly secretHashes: readonly string[];
  readonly codeChallengeMethod: 'S256' | 'none';
  readonly ssoDisabled: boolean;
  readonly grantTypes: readonly string[];
}

/** A Maskinporten client: the scopes it may ask for. */
export interface MaskinportenRegistration {
  readonly provider: 'maskinporten';
  readonly orgno: string;
  readonly scopes: readonly string[];
  /** Seconds. */
  readonly accessTokenLifetime?: number;
}

/** A client at a generic OpenID provider: registered there by hand, so only its metadata address is known here. */
interface OpenidRegistration {
  readonly provider: 'openid';
  readonly wellKnownUrl: string;
}

/** One inbound rule as a row: the consumer's namespace and name may be `*`. */
export interface Grant {
  readonly target: AppId;
  readonly consumer: { readonly cluster: string; readonly namespace: string; readonly name: string };
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly position: SourcePosition;
}

/** The rules of a target that fit one consumer, in the order of the target's list. */
export interface GrantMatches {
  /** Those that name it. */
  readonly exact: readonly Grant[];
  /** Those that fit by a `*`. */
  readonly patterns: readonly Grant[];
}

/** A Maskinporten scope and who may use it. */
export interface MaskinportenScope {
  readonly name: string;
  readonly owner: AppId;
  readonly ownerOrgno: string;
  readonly enabled: boolean;
  readonly consumers: readonly string[];
  readonly accessibleForAll: boolean;
  /** Seconds. */
  readonly atMaxAge: number;
  /** Kinds of client that may use it (`maskinporten`, `idporten` …); absent = Maskinporten's. */
  readonly allowedIntegrations?: readonly string[];
  /** Where organisations may delegate it to suppliers: a name from a manifest (`altinn`), or the issuer itself; absent = nowhere. */
  readonly delegationSource?: string;
  /** Whether a request may name a person (`pid`). */
  readonly pidAllowed?: boolean;
  /** What access tokens with this scope are; self-contained unless told. */
  readonly tokenType?: 'SELF_CONTAINED' | 'OPAQUE';
  /** Access tokens with this scope name nobody by national identity number. */
  readonly requiresPseudonymousTokens?: boolean;
}

/** Whether a `*` in an inbound rule grants TokenX tokens; for Entra it never does. */
export type WildcardGrants = 'network-only' | 'tokens';

/** Everything that exists at one version, read only and indexed. */
export interface Snapshot {
  readonly version: number;
  readonly wildcardGrants: WildcardGrants;
  app(id: string): App | undefined;
  apps(): Iterable<App>;
  client(provider: ClientProvider, clientId: string): Client | undefined;
  clientOf(app: string, provider: ClientProvider): Client | undefined;
  clients(provider: ClientProvider): Iterable<Client>;
  grantsFor(target: string): readonly Grant[];
  /** Those of the target's rules that fit the consumer, both app ids; costs what fits, not what the target has. */
  grantsBetween(consumer: string, target: string): GrantMatches;
  /** Every scope that a rule of the target names. */
  declaredScopes(target: string): ReadonlySet<string>;
  scope(name: string): MaskinportenScope | undefined;
  scopes(): Iterable<MaskinportenScope>;
  issuer(name: string): IssuerRow | undefined;
  issuers(): Iterable<IssuerRow>;
  /** The denial of a value, by its hash. */
  denial(hash: string): Denial | undefined;
  readonly denials: number;
  /** The app that answers for a resource identifier or ingress (RFC 8707 2): exact identifier, else the longest ingress. */
  appOfResource(resource: string): AppId | undefined;
}
