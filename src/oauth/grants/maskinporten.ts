import { GRANT } from '../client-assertion.ts';
import type { Claims } from '../jwt.ts';

/** What a Maskinporten grant asks for: scopes separated by spaces, and what narrows them. */
export interface MaskinportenRequest {
  readonly scope: string;
  /** RFC 8707: the API the token shall be for. */
  readonly resource?: string | undefined;
  /** RFC 9396. */
  readonly authorizationDetails?: readonly unknown[] | undefined;
  /** Organisation number of the one that delegated the scope to us. */
  readonly consumerOrg?: string | undefined;
  /** The person the token is about, where the scope allows one. */
  readonly pid?: string | undefined;
}

/** The claims of the grant JWT beside those every assertion has; `resource` is always an array (providers.md 2.3). */
export function maskinportenGrantClaims(request: MaskinportenRequest): Claims {
  return {
    scope: request.scope,
    ...(request.resource === undefined ? {} : { resource: [request.resource] }),
    ...(request.authorizationDetails === undefined ? {} : { authorization_details: request.authorizationDetails }),
    ...(request.consumerOrg === undefined ? {} : { consumer_org: request.consumerOrg }),
    ...(request.pid === undefined ? {} : { pid: request.pid }),
  };
}

/** The JWT grant (RFC 7523 2.1): the signed assertion is all there is. */
export function maskinportenForm(grantJwt: string): Readonly<Record<string, string>> {
  return { grant_type: GRANT.jwtBearer, assertion: grantJwt };
}
