import type { ClientProvider, Snapshot } from '../registry/model.ts';
import type { Form } from '../web/forms.ts';
import type { LocalClient, ProvenBy } from './engine/client.ts';
import type { ErrorContext, Fault, FaultTable } from './engine/refusal.ts';
import type { UserGrant } from './engine/user-grant.ts';
import type { Place } from './place.ts';
import type { AssertionPolicy } from './policy/assertion-policy.ts';
import type { AuthorizePolicy } from './policy/authorize-policy.ts';
import type { LogoutPolicy } from './policy/logout-policy.ts';
import type { IntrospectionPolicy, UserinfoPolicy } from './policy/token-reading-policy.ts';
import type { ClientAt, RealmParts } from './realm-parts.ts';

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

/** How long a browser stays signed in. Without one: until it is closed. */
interface SsoPolicy {
  /** Between two authorization requests. */
  readonly idleSeconds: number;
  /** From the sign-in on. */
  readonly absoluteSeconds: number;
}

/** A running persona: its policy, and everything its steps need. */
export interface Realm extends RealmParts {
  readonly persona: Persona;
}

/** One place of a running persona. `secure`: its listener speaks TLS, so its cookies say so. */
export interface Site {
  readonly realm: Realm;
  readonly place: Place;
  readonly secure: boolean;
}

/** A client met at the authorization endpoint. */
export interface ClientSite extends ClientAt {
  readonly realm: Realm;
}

/** A request at the token endpoint of one place. */
export interface Call {
  readonly realm: Realm;
  readonly place: Place;
  readonly form: Form;
}

/** A client that has proven itself, how, and what this persona's token endpoint does for it. */
export interface ProvenClient {
  readonly client: LocalClient;
  readonly method: ProvenBy;
  readonly policy: ClientsPolicy;
}

/** A token request whose client has proven itself. */
export interface ClientCall extends Call, ProvenClient {}

/** User tokens to be made. `scope` narrows or, where the persona allows, moves the grant to another API. */
export interface UserTokenRequest {
  readonly call: ClientCall;
  readonly grant: UserGrant;
  readonly scope: string | undefined;
}

/** Members of a token answer (RFC 6749 5.1). */
export type TokenAnswer = Readonly<Record<string, unknown>>;

/** Token endpoint of a persona; at one with grants only, the grant says who asks. */
export type TokenPolicy =
  | ClientsPolicy
  | { readonly kind: 'grant-only'; readonly grants: Readonly<Record<string, (call: Call) => Promise<TokenAnswer>>> };

/** A token endpoint at which clients prove themselves beside the grant. */
export interface ClientsPolicy {
  readonly kind: 'clients';
  /** Whether an unknown grant is told before the client is judged. */
  readonly order: 'client-first' | 'grant-first';
  /** Which of the credentials sent counts: the one registered and no other beside it, or an assertion before all others. */
  readonly credentials: 'exactly-registered' | 'assertion-wins';
  readonly assertion: AssertionPolicy;
  /** Judges the look of what is redeemed before the client has proven itself; throws a Refusal. */
  readonly checkShape: (form: Form) => void;
  readonly grants: Readonly<Record<string, (call: ClientCall) => Promise<TokenAnswer>>>;
  /** What becomes of a `code_verifier` without a challenge. */
  readonly superfluousVerifier: 'refused' | 'accepted';
  /** Whether a code that comes again ends its grant (RFC 6749 4.1.2). */
  readonly codeReuseRevokes: boolean;
  /** Whether a one-time refresh token that comes again ends its grant (RFC 9700 4.14.2). */
  readonly refreshReuseRevokes?: boolean;
  readonly issue: (request: UserTokenRequest) => Promise<TokenAnswer>;
  readonly makeRefreshToken: () => string;
}
