/** A token endpoint's answer to a login client. */
import type { TokenEndpointResponse } from 'oauth4webapi';
import { DAY } from '../oauth/time.ts';
import { ProviderFault } from './provider-fault.ts';

/** No token of a session is believed to live longer: dates stay dates whatever a provider says. */
const MAX_LIFETIME_SECONDS: number = 365 * DAY;

/** Tokens as the provider handed them out. The ID token is not verified by holding this. */
export interface TokenSet {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly idToken: string | undefined;
  readonly refreshToken: string | undefined;
  readonly sessionState: string | undefined;
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
