import type { Algorithm } from '../oauth/algorithms.ts';
import type { PublicJwk } from '../oauth/jwk.ts';
import type { AuthMethod } from './engine/client.ts';

/** A client of a generic persona (`openid`, `oidf-*`), by OpenID Connect Dynamic Registration 2 and the logout specifications. Durations in seconds. */
export interface OpenidClient {
  readonly clientId: string;
  readonly name: string;
  readonly authMethod: AuthMethod;
  /** Hex SHA-256 of each secret. */
  readonly secretHashes: readonly string[];
  readonly keys: readonly PublicJwk[];
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly frontchannelLogoutUri?: string;
  readonly frontchannelLogoutSessionRequired: boolean;
  readonly backchannelLogoutUri?: string;
  readonly backchannelLogoutSessionRequired: boolean;
  readonly grantTypes: readonly string[];
  /** Scopes it may ask for; undefined = every one the persona knows. */
  readonly scopes?: readonly string[];
  readonly idTokenAlg: Algorithm;
  readonly accessTokenFormat: 'jwt' | 'opaque';
  readonly accessTokenAlg: Algorithm;
  readonly defaultMaxAge?: number;
}
