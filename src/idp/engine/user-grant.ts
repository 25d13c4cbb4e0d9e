/** What a person let a client have: behind every code and refresh token. Times are seconds since the epoch. */
export interface UserGrant extends FurtherRequest {
  readonly grantId: string;
  readonly clientId: string;
  readonly tenant: string;
  readonly pid: string;
  readonly acr: string;
  readonly amr: readonly string[];
  readonly authTime: number;
  readonly startedAt: number;
  readonly sid: string;
  readonly scopes: readonly string[];
  readonly resource: readonly string[];
  readonly nonce: string | undefined;
  readonly clientInfo: boolean;
  /** Where the code was sent. */
  readonly redirectUri?: string;
  /** The `claims` that came with the request, as they were sent: the answer to a claims challenge. */
  readonly sentClaims?: string | undefined;
  /** Faults ticked at this sign-in, with their values: `skew:600`. */
  readonly faults: readonly string[];
}

/** What is remembered of the grant behind an access token. */
export type NotedGrant = Pick<UserGrant, 'grantId' | 'sid' | 'scopes' | 'pid' | 'sentClaims'>;

/** What only some personas let a client ask for. */
export interface FurtherRequest {
  /** The id under which a client speaks for a customer. */
  readonly onBehalfOf?: string;
  /** What exactly is asked for (RFC 9396 2). */
  readonly authorizationDetails?: readonly Readonly<Record<string, unknown>>[];
}

/** A code, as it waits to be redeemed. */
export interface CodeRecord {
  readonly grant: UserGrant;
  readonly redirectUri: string;
  /** Whether the request left it out, so that redeeming may too (RFC 6749 4.1.3). */
  readonly redirectLeftOut?: boolean | undefined;
  readonly challenge: Challenge | undefined;
  readonly expiresAt: number;
  readonly used: boolean;
}

/** A PKCE challenge (RFC 7636 4.3). */
export interface Challenge {
  readonly value: string;
  readonly method: 'S256' | 'plain';
}

/** An authorization request that passed every check. `maxAgeSeconds` and `acr` only when asked for. */
export interface AuthorizationRequest extends FurtherRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly responseMode: 'query' | 'fragment' | 'form_post' | 'query.jwt' | 'form_post.jwt';
  readonly state: string | undefined;
  readonly nonce: string | undefined;
  readonly challenge: Challenge | undefined;
  readonly scopes: readonly string[];
  readonly resource: readonly string[];
  readonly acr: string | undefined;
  readonly prompt: readonly string[];
  readonly maxAgeSeconds: number | undefined;
  readonly loginHint: string | undefined;
  readonly locales: readonly string[];
  readonly clientInfo: boolean;
  /** The pushed request it came from, where its code is what spends that. */
  readonly pushedAs?: string | undefined;
  /** Whether it left out the redirect address. */
  readonly redirectLeftOut?: boolean;
  /** Who it has to be about: a `sub` of this persona. */
  readonly subject?: string | undefined;
  /** The parameter `claims` (OpenID Connect Core 5.5), as it was sent. */
  readonly sentClaims?: string | undefined;
}
