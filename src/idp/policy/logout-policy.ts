import type { Algorithm } from '../../oauth/algorithms.ts';
import type { Claims } from '../../oauth/jwt.ts';
import type { LocalClient } from '../engine/client.ts';
import type { Place } from '../place.ts';
import type { RealmParts } from '../realm-parts.ts';

/** Logout of a persona. */
export interface LogoutPolicy {
  readonly path: (place: Place) => string;
  /** Whether front-channel logout names the issuer (Front-Channel Logout 1.0 2). */
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
  readonly subject: (realm: RealmParts, client: LocalClient, session: { readonly pid: string }) => string;
  /** `typ` of the header, where there is one. */
  readonly typ: string | undefined;
  /** `exp` after `iat`, where there is one. */
  readonly lifetimeSeconds: number | undefined;
  /** What the token is signed with: as the client's ID tokens are. RS256 unless told. */
  readonly algorithm?: (client: LocalClient) => Algorithm;
}
