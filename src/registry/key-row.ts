import type { AppId } from './app-id.ts';
import type { ClientProvider } from './model.ts';
import type { PublicJwk } from '../oauth/jwk.ts';

/** The life of a client key: made, in use, still accepted, gone. */
export type KeyState = 'next' | 'current' | 'retiring' | 'revoked';

/** One credential of a client. Times are seconds since the epoch; the private part is sealed and absent once revoked. */
export interface KeyRow {
  readonly kid: string;
  readonly app: AppId;
  readonly uid: string;
  readonly provider: ClientProvider;
  readonly kind: 'jwk' | 'password';
  readonly alg: string;
  readonly state: KeyState;
  /** Of a `jwk`. */
  readonly publicJwk?: PublicJwk;
  /** Of a `password`: hex SHA-256. */
  readonly secretHash?: string;
  readonly sealedPrivate?: Buffer;
  readonly createdAt: number;
  readonly registeredAt?: number;
  readonly usableAt?: number;
  readonly promotedAt?: number;
  readonly retiredAt?: number;
  readonly revokedAt?: number;
  readonly reason?: string;
}
