/** A token endpoint's answer to a login client. */
import type { AuthorizationServer, TokenEndpointResponse } from 'oauth4webapi';
import { parseJwt } from '../oauth/jwt.ts';
import { isJsonObject } from '../oauth/objects.ts';
import { DAY } from '../oauth/time.ts';
import type { ProviderMetadata } from './metadata.ts';
import { ProviderFault } from './provider-fault.ts';
import { isShared } from './tenant-issuer.ts';

/** No token of a session is believed to live longer: dates stay dates whatever a provider says. */
const MAX_LIFETIME_SECONDS: number = 365 * DAY;

/** No token's issuer. */
const NOBODY = 'none:';

/** Tokens as the provider handed them out. The ID token is not verified by holding this. */
export interface TokenSet {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly idToken: string | undefined;
  readonly refreshToken: string | undefined;
  readonly sessionState: string | undefined;
}

/** The provider as this answer's tenant knows it: oauth4webapi compares the ID token's `iss` with its issuer. */
export async function serverOf(metadata: ProviderMetadata, answer: Response): Promise<AuthorizationServer> {
  if (!isShared(metadata.issuer)) return metadata.server;
  const body: unknown = await answer
    .clone()
    .json()
    .catch(() => undefined);
  const idToken = isJsonObject(body) ? body['id_token'] : undefined;
  // Without an ID token there is nothing to compare.
  if (idToken === undefined) return metadata.server;
  return { ...metadata.server, issuer: metadata.issuerFor(parseJwt(idToken).claims['tid']) ?? NOBODY };
}

/** Reads the members we use; throws ProviderFault `invalid` when `expires_in` is not a positive whole number. */
export function tokenSet(answer: TokenEndpointResponse, endpoint: string): TokenSet {
  const seconds = answer.expires_in;
  if (seconds === undefined || !Number.isInteger(seconds) || seconds <= 0 || answer.token_type !== 'bearer') {
    throw new ProviderFault({ kind: 'invalid', endpoint, cause: new Error('expires_in or token_type does not fit') });
  }
  return {
    accessToken: answer.access_token,
    expiresInSeconds: Math.min(seconds, MAX_LIFETIME_SECONDS),
    idToken: answer.id_token,
    refreshToken: answer.refresh_token,
    sessionState: typeof answer['session_state'] === 'string' ? answer['session_state'] : undefined,
  };
}
