import type { Claims } from '../../oauth/jwt.ts';
import type { LocalClient } from '../engine/client.ts';
import type { NotedGrant } from '../engine/user-grant.ts';
import type { RealmParts } from '../realm-parts.ts';

/** Token introspection of a persona (RFC 7662). */
export interface IntrospectionPolicy {
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
    realm: RealmParts,
    access: { readonly claims: Claims; readonly grant: NotedGrant | undefined },
  ) => Claims | undefined;
}
