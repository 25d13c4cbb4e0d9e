import type { PublicJwk } from '../../oauth/jwk.ts';
import type { Client, FederatedCredential } from '../../registry/model.ts';
import type { OpenidClient } from '../clients/openid-client.ts';
import type { AuthMethod } from './auth-method.ts';

/** How a client proved itself: a registered method, or a key whose certificate names its organisation. */
export type ProvenBy = AuthMethod | 'certificate';

/** A registered client as the engine sees it, whatever the persona. Lifetimes are seconds. */
export interface LocalClient {
  readonly id: string;
  readonly name: string;
  /** Methods it may use; with `exactly-registered` authentication there is one. */
  readonly authMethods: readonly AuthMethod[];
  readonly secretHashes: readonly string[];
  /** When a secret ends, by its hash: seconds since the epoch. */
  readonly secretEnds?: Readonly<Record<string, number>>;
  /** Foreign issuers' subjects that may stand for it. */
  readonly federated?: readonly FederatedCredential[];
  readonly keys: readonly PublicJwk[];
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly frontchannelLogoutUri: string | undefined;
  readonly backchannelLogoutUri: string | undefined;
  /** Whether its ID tokens and logout requests name the session (OpenID Connect Front-Channel Logout 1.0 3, Back-Channel 2.2). */
  readonly sessionNamed: boolean;
  readonly ssoDisabled: boolean;
  readonly challengeRequired: boolean;
  readonly grantTypes: readonly string[];
  readonly refresh: RefreshRules;
  /** The row of the registry behind it; a client of a generic persona has none. */
  readonly row: Client | undefined;
  /** What a generic persona was told about it. */
  readonly openid: OpenidClient | undefined;
}

/** The registry row of a client of a faithful persona. */
export function rowOf(client: LocalClient): Client {
  if (client.row === undefined) throw new TypeError('a client of a faithful persona comes from the registry');
  return client.row;
}

/** How long a client's refresh tokens live, and what using one does. */
interface RefreshRules {
  readonly issued: 'always' | 'with-offline_access' | 'never';
  readonly lifetimeSeconds: number;
  /** Counted from the sign-in; no token outlives it. */
  readonly authorizationSeconds: number;
  /** `one-time`: a new one, the old one dies. `reuse`: the same one goes on. `old-stays`: a new one, the old one goes on too. */
  readonly usage: 'one-time' | 'reuse' | 'old-stays';
}
