import type { ErrorContext, Fault } from '../engine/refusal.ts';
import type { AuthorizationRequest, FurtherRequest, UserGrant } from '../engine/user-grant.ts';
import type { Person } from '../people/person.ts';
import type { Place } from '../place.ts';
import type { ClientAt, RealmParts } from '../realm-parts.ts';

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
  /** Where forms of its pages are sent. */
  readonly path: (place: Place) => string;
  readonly pushed: PushedPolicy | undefined;
  /** Whether answers name the issuer (RFC 9207). */
  readonly issInAnswer: boolean;
  readonly responseModes: readonly AuthorizationRequest['responseMode'][];
  readonly challengeMethods: readonly ('S256' | 'plain')[];
  readonly redirectMatches: (registered: readonly string[], uri: string) => boolean;
  /** Whose requests have to have both. */
  readonly stateAndNonce: 'public-clients' | 'optional';
  /** Whether `resource` names the audience (RFC 8707). */
  readonly resource: 'audience' | 'refused';
  /** What becomes of `request` (OpenID Connect Core 6). */
  readonly requestObjects: 'refuse' | 'ignore';
  /** Whether `max_age` is heard. */
  readonly maxAge: boolean;
  /** Whether a request without `openid` may leave out the redirect address of a client that has one (RFC 6749 3.1.2.3). */
  readonly soleRedirect?: boolean;
  /** Whether `prompt=consent` asks the person again, whoever is signed in. */
  readonly consentAsks?: boolean;
  /** Whether the `claims` parameter is heard (OpenID Connect Core 5.5). */
  readonly claimsParameter?: boolean;
  /** What a person is called at a client, for `id_token_hint` and a `sub` in `claims`; undefined where neither is heard. */
  readonly subjectOf?: (realm: RealmParts, clientId: string, pid: string) => string;
  /** What only this persona asks of a request or lets it ask for, judged before its scopes; throws a Refusal. */
  readonly further?: (site: ClientAt, parameters: ReadonlyMap<string, string>) => FurtherRequest;
  readonly checkScopes: (site: ClientAt, scopes: readonly string[]) => void;
  /** Lowest acr that satisfies the request; throws for values that cannot be met. */
  readonly requiredAcr: (values: readonly string[]) => string | undefined;
  readonly acrSatisfies: (acr: string, required: string | undefined) => boolean;
  /** To choose from, the lowest first; none where sign-ins have no levels. */
  readonly levels: readonly Level[];
  /** Reads `login_hint=testid:…` without its prefix; undefined for one that names nobody. */
  readonly hint: (
    hint: string,
    people: readonly Person[],
  ) => { readonly pid: string; readonly acr: string } | undefined;
  /** What such a hint below the level asked for leads to. */
  readonly lowHint: 'access_denied' | 'page';
  /** Who can be chosen on the page. */
  readonly choices: (realm: RealmParts, place: Place) => readonly Person[];
  /** The place a person's tokens come from, where several tenants share an address. */
  readonly home?: (place: Place, person: Person) => Place;
  /** Whether another synthetic pid can be typed there. */
  readonly typedPid: boolean;
  /** Throws a Refusal when this person may not use this client. */
  readonly admit: (site: ClientAt, person: Person, scopes: readonly string[]) => void;
  /** Problems told on a page because the client must not hear of them by redirect. */
  readonly onPage: readonly Fault['problem'][];
  readonly codeLifetimeSeconds: number;
  readonly makeCode: () => string;
  readonly makeSid: () => string;
  /** Further parameters of a good answer. */
  readonly extras: (realm: RealmParts, grant: UserGrant) => Readonly<Record<string, string>>;
  /** Parameters of an error answer. */
  readonly errorParameters: (fault: Fault, context: ErrorContext) => Readonly<Record<string, string>>;
}
