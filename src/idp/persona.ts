import type { X509Certificate } from 'node:crypto';
import type { Algorithm } from '../oauth/algorithms.ts';
import type { Claims } from '../oauth/jwt.ts';
import type { Clock } from '../oauth/time.ts';
import type { Emit } from '../observe/events.ts';
import type { ClientProvider, Snapshot } from '../registry/model.ts';
import type { Store } from '../store/store.ts';
import type { Form } from '../web/forms.ts';
import type { Fetch } from '../oauth/fetch.ts';
import type { ClientBook } from './clients/book.ts';
import type { LocalClient, ProvenBy } from './engine/client.ts';
import type { ClientKeys } from './engine/client-keys.ts';
import type { Fault, FaultTable } from './engine/refusal.ts';
import type { AuthorizationRequest, FurtherRequest, NotedGrant, UserGrant } from './engine/user-grant.ts';
import type { IdpEvent } from './events.ts';
import type { Faults } from './faults.ts';
import type { Journal } from './journal.ts';
import type { PersonaKeys } from './keys/keys.ts';
import type { Memory } from './state/memory.ts';
import type { People } from './people/people.ts';
import type { Person } from './people/person.ts';
import type { Random } from './random.ts';
import type { Seed } from './state/seed.ts';

/** One issuer of a persona: a tenant at Entra ID, the whole service elsewhere. Endpoint URLs come from settings, never from a request. */
export interface Place {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  /** Tenant GUID; empty where there are no tenants. */
  readonly tenant: string;
  /** An address that every tenant shares: whoever signs in brings the tenant. */
  readonly shared?: true;
}

/** Resolves after some milliseconds, or when the signal aborts. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** A running persona: its policy, and everything its steps need. */
export interface Realm {
  readonly persona: Persona;
  readonly keys: PersonaKeys;
  readonly random: Random;
  readonly seed: Seed;
  readonly people: People;
  /** Clients, grants and scopes as they are now. */
  readonly snapshot: () => Snapshot;
  readonly clients: ClientBook;
  /** What business certificates have to lead up to, as the state folder has it now. */
  readonly businessRoots: () => Promise<readonly X509Certificate[]>;
  /** Their keys, imported once. */
  readonly clientKeys: ClientKeys;
  /** Faults that the control API or the sign-in page switched on. */
  readonly faults: Faults;
  readonly journal: Journal;
  /** Waits, until the client is gone at the latest. */
  readonly wait: Wait;
  /** The only way out: back-channel logout. */
  readonly fetch: Fetch;
  /** Codes, pushed requests, sign-ins under way, used `jti`: gone with the process. */
  readonly memory: Memory;
  /** SSO sessions and refresh tokens: as lasting as the caller made it. */
  readonly store: Store;
  /** The persona's own clock: the control API may move it. */
  readonly now: Clock;
  readonly emit: Emit<IdpEvent>;
  readonly headless: boolean;
  /** Whether logout may be told to hosts beyond this machine. */
  readonly allowNonLoopback: boolean;
}

/** One place of a running persona. `secure`: its listener speaks TLS, so its cookies say so. */
export interface Site {
  readonly realm: Realm;
  readonly place: Place;
  readonly secure: boolean;
}

/** A request at the token endpoint of one place. */
export interface Call {
  readonly realm: Realm;
  readonly place: Place;
  readonly form: Form;
}

/** A client met at the authorization endpoint. */
export interface ClientSite {
  readonly realm: Realm;
  readonly place: Place;
  readonly client: LocalClient;
}

/** A client that has proven itself, how, and what this persona's token endpoint does for it. */
export interface ProvenClient {
  readonly client: LocalClient;
  readonly method: ProvenBy;
  readonly policy: ClientsPolicy;
}

/** A token request whose client has proven itself. */
export interface ClientCall extends Call, ProvenClient {}

/** Members of a token answer (RFC 6749 5.1). */
export type TokenAnswer = Readonly<Record<string, unknown>>;

/** User tokens to be made. `scope` narrows or, where the persona allows, moves the grant to another API. */
export interface UserTokenRequest {
  readonly call: ClientCall;
  readonly grant: UserGrant;
  readonly scope: string | undefined;
}

/** How a persona judges client assertions (RFC 7523 3). */
export interface AssertionPolicy {
  readonly algorithms: readonly Algorithm[];
  /** `outdated`: accepted, with a warning. */
  readonly audience: (place: Place, audience: string) => 'accepted' | 'outdated' | 'refused';
  readonly maxLifetimeSeconds: number | undefined;
  readonly skewSeconds: number;
  /** Whether an `iat` ahead of our clock is refused even beside a good `nbf`. */
  readonly judgesIssuedAt: boolean;
  /** What `aud` may be: one string (FAPI 2.0 Security Profile 5.3.2.1), a list of one too, or several names of this server (RFC 7523 3). */
  readonly audiences: 'string' | 'one' | 'several';
  /** Whether a client with one key need not name it. */
  readonly onlyKeyUnnamed?: boolean;
  readonly replay: 'refused' | 'accepted';
  /** Keys are named by `kid` alone, or by certificate thumbprints too. */
  readonly keyNames: 'kid' | 'certificate';
  readonly clientIdBeside: 'required' | 'optional';
  /** Whether a client without registered keys may prove itself by the business certificate of its organisation (`x5c`). */
  readonly businessCertificates?: boolean;
  /** Whether assertions of other issuers stand for a client that has a federated credential for them. */
  readonly federated?: boolean;
  readonly types: 'jwt' | 'any';
}

/** A token endpoint at which clients prove themselves beside the grant. */
export interface ClientsPolicy {
  readonly kind: 'clients';
  readonly order: 'client-first' | 'grant-first';
  readonly credentials: 'exactly-registered' | 'assertion-wins';
  readonly assertion: AssertionPolicy;
  /** Judges the look of what is redeemed before the client has proven itself; throws a Refusal. */
  readonly checkShape: (form: Form) => void;
  readonly grants: Readonly<Record<string, (call: ClientCall) => Promise<TokenAnswer>>>;
  readonly superfluousVerifier: 'refused' | 'accepted';
  readonly codeReuseRevokes: boolean;
  /** Whether a one-time refresh token that comes again ends its grant (RFC 9700 4.14.2). */
  readonly refreshReuseRevokes?: boolean;
  readonly issue: (request: UserTokenRequest) => Promise<TokenAnswer>;
  readonly makeRefreshToken: () => string;
}

/** Token endpoint of a persona; at one with grants only, the grant says who asks. */
export type TokenPolicy =
  | ClientsPolicy
  | { readonly kind: 'grant-only'; readonly grants: Readonly<Record<string, (call: Call) => Promise<TokenAnswer>>> };

/** A level of assurance that can be chosen at sign-in. */
export interface Level {
  readonly value: string;
  readonly acr: string;
}

/** Pushed authorization requests of a persona (RFC 9126). */
interface PushedPolicy {
  readonly prefix: string;
  readonly lifetimeSeconds: number;
  /** Whether requests have to be pushed. */
  readonly required?: boolean;
  /** Whether a reference is spent by the code it led to rather than by the first visit with it (FAPI 2.0 Security Profile 5.3.2.2). */
  readonly spentByCode?: boolean;
  /** Whether parameters beside a reference are ignored (RFC 9101 6.3) instead of refused, and a foreign `request_uri` is told by redirect. */
  readonly tolerant?: boolean;
}

/** Authorization endpoint of a persona. */
export interface AuthorizePolicy {
  readonly path: (place: Place) => string;
  readonly pushed: PushedPolicy | undefined;
  readonly issInAnswer: boolean;
  readonly responseModes: readonly AuthorizationRequest['responseMode'][];
  readonly challengeMethods: readonly ('S256' | 'plain')[];
  readonly redirectMatches: (registered: readonly string[], uri: string) => boolean;
  readonly stateAndNonce: 'public-clients' | 'optional';
  readonly resource: 'audience' | 'refused';
  readonly requestObjects: 'refuse' | 'ignore';
  readonly maxAge: boolean;
  /** Whether a request without `openid` may leave out the redirect address of a client that has one (RFC 6749 3.1.2.3). */
  readonly soleRedirect?: boolean;
  /** Whether `prompt=consent` asks the person again, whoever is signed in. */
  readonly consentAsks?: boolean;
  /** Whether the `claims` parameter is heard (OpenID Connect Core 5.5). */
  readonly claimsParameter?: boolean;
  /** What a person is called at a client, for `id_token_hint` and a `sub` in `claims`; undefined where neither is heard. */
  readonly subjectOf?: (realm: Realm, clientId: string, pid: string) => string;
  /** What only this persona asks of a request or lets it ask for, judged before its scopes; throws a Refusal. */
  readonly further?: (site: ClientSite, parameters: ReadonlyMap<string, string>) => FurtherRequest;
  readonly checkScopes: (call: ClientSite, scopes: readonly string[]) => void;
  /** Lowest acr that satisfies the request; throws for values that cannot be met. */
  readonly requiredAcr: (values: readonly string[]) => string | undefined;
  readonly acrSatisfies: (acr: string, required: string | undefined) => boolean;
  readonly levels: readonly Level[];
  readonly hint: (
    hint: string,
    people: readonly Person[],
  ) => { readonly pid: string; readonly acr: string } | undefined;
  readonly lowHint: 'access_denied' | 'page';
  readonly choices: (realm: Realm, place: Place) => readonly Person[];
  /** The place a person's tokens come from, where several tenants share an address. */
  readonly home?: (place: Place, person: Person) => Place;
  readonly typedPid: boolean;
  /** Throws a Refusal when this person may not use this client. */
  readonly admit: (call: ClientSite, person: Person, scopes: readonly string[]) => void;
  /** Problems told on a page because the client must not hear of them by redirect. */
  readonly onPage: readonly Fault['problem'][];
  readonly codeLifetimeSeconds: number;
  readonly makeCode: () => string;
  readonly makeSid: () => string;
  /** Further parameters of the answer. */
  readonly extras: (realm: Realm, grant: UserGrant) => Readonly<Record<string, string>>;
  /** Parameters of an error answer. */
  readonly errorParameters: (fault: Fault, context: ErrorContext) => Readonly<Record<string, string>>;
}

/** What an error text may tell beside the problem itself. `now` in seconds. */
export interface ErrorContext {
  readonly now: number;
  readonly correlationId: string | undefined;
}

/** Logout of a persona. */
export interface LogoutPolicy {
  readonly path: (place: Place) => string;
  readonly issInFrontchannel: boolean;
  /** Without SSO cookie and without a valid hint: an error page, or a plain goodbye. */
  readonly unknownSession: 'error' | 'goodbye';
  /** Tells an ID token from the other tokens of this persona. */
  readonly isIdToken: (claims: Claims) => boolean;
  /** Whether `state` has to be printable ASCII. */
  readonly printableState: boolean;
  /** Whether nobody is signed out unasked without a hint of their own session, nor by a request with anything wrong in it. */
  readonly asks?: boolean;
  /** Whether a return address needs a hint or a client id beside it; without either nobody is sent back. */
  readonly returnNeedsClient: boolean;
  readonly backchannel?: BackchannelPolicy;
  /** The place of a session of this tenant, where several tenants share an address. */
  readonly home?: (place: Place, tenant: string) => Place;
  /** Whether what these scopes let a client do goes on without the session. Unless told: everything beyond signing in does. */
  readonly outlives?: (scopes: readonly string[]) => boolean;
}

/** What a persona's logout tokens hold beside `iss`, `aud`, `iat`, `jti`, `sid` and `events` (OpenID Connect Back-Channel Logout 1.0 2.4). */
export interface BackchannelPolicy {
  /** Whether a client is told at hosts of its redirect URIs only. */
  readonly sameHost?: boolean;
  readonly subject: (realm: Realm, client: LocalClient, session: { readonly pid: string }) => string;
  /** `typ` of the header, where there is one. */
  readonly typ: string | undefined;
  /** `exp` after `iat`, where there is one. */
  readonly lifetimeSeconds: number | undefined;
  /** What the token is signed with: as the client's ID tokens are. RS256 unless told. */
  readonly algorithm?: (client: LocalClient) => Algorithm;
}

/** How long a browser stays signed in. Without one: until it is closed. */
interface SsoPolicy {
  /** Between two authorization requests. */
  readonly idleSeconds: number;
  /** From the sign-in on. */
  readonly absoluteSeconds: number;
}

/** Token introspection of a persona (RFC 7662). */
interface IntrospectionPolicy {
  /** Whether this client is told anything; the others hear that no token is active. */
  readonly permits: (client: LocalClient) => boolean;
  /** Tells an access token from the other tokens of this persona. */
  readonly isAccessToken: (claims: Claims) => boolean;
}

/** UserInfo of a persona (OpenID Connect Core 5.3). */
export interface UserinfoPolicy {
  /** Whether a POST may carry the token in its form (RFC 6750 2.2). */
  readonly tokenInBody: boolean;
  readonly isAccessToken: (claims: Claims) => boolean;
  /** A scope the token has to have. */
  readonly scope: string | undefined;
  /** What is told; undefined for a token that is about nobody. */
  readonly answer: (
    realm: Realm,
    access: { readonly claims: Claims; readonly grant: NotedGrant | undefined },
  ) => Claims | undefined;
}

/** One provider's ways, as data: the engine knows no persona by name. */
export interface Persona {
  readonly name: string;
  /** The service's name, for pages. */
  readonly label: string;
  readonly provider: ClientProvider;
  /** Parameters that may come more than once (RFC 8707 2). */
  readonly repeatable?: readonly string[];
  /** The client, if it exists in this place and may be used. */
  readonly client: (snapshot: Snapshot, clientId: string, place: Place) => LocalClient | undefined;
  readonly faults: FaultTable;
  /** Body of an error answer, `error` included. */
  readonly errorBody: (fault: Fault, context: ErrorContext) => Readonly<Record<string, unknown>>;
  /** What `#fm-error` shows. */
  readonly pageCode: (fault: Fault) => string;
  readonly token: TokenPolicy;
  readonly authorize: AuthorizePolicy | undefined;
  readonly logout: LogoutPolicy | undefined;
  readonly sso?: SsoPolicy;
  readonly introspection?: IntrospectionPolicy;
  readonly userinfo?: UserinfoPolicy;
}
