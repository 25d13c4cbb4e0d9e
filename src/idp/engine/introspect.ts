import type { Claims } from '../../oauth/jwt.ts';
import type { Call } from '../persona.ts';
import { readLiveToken } from './access-tokens.ts';
import { authenticateClient } from './client-authentication.ts';
import { readRefreshToken } from './refresh-tokens.ts';
import { required } from './token.ts';

const INACTIVE: Claims = { active: false };

/** Token introspection (RFC 7662 2): what a live token of this issuer stands for. Nothing is said to clients that may not ask, and nothing about other tokens. Throws a Refusal for a client that has not proven itself. */
export async function introspectToken(call: Call, authorization: string | undefined): Promise<Claims> {
  const { realm, place } = call;
  const policy = realm.persona.introspection;
  const { client, method } = await authenticateClient(call, authorization);
  const token = required(call, 'token');
  if (policy === undefined || method === 'none' || !policy.permits(client)) return INACTIVE;
  const access = await readLiveToken(realm, place.issuer, token);
  if (access !== undefined) return policy.isAccessToken(access) ? { active: true, ...access } : INACTIVE;
  const refresh = await readRefreshToken(realm, token);
  // A refresh token is for its client and us: nobody else learns that it exists.
  if (refresh === undefined || refresh.grant.clientId !== client.id) return INACTIVE;
  const { grant, expiresAt } = refresh;
  const exp = Math.floor(expiresAt);
  return { active: true, iss: place.issuer, client_id: client.id, scope: grant.scopes.join(' '), exp };
}
