import { stringClaim } from '../../oauth/jwt.ts';
import type { Call } from '../persona.ts';
import { endAccessToken, grantOfAccessToken, readAccessToken } from './access-tokens.ts';
import { authenticateClient } from './client-authentication.ts';
import { readRefreshToken, revokeGrant } from './refresh-tokens.ts';
import { required } from './token.ts';

/** Token revocation (RFC 7009 2): ends the grant behind the token, not the SSO session. A token that is unknown or another client's changes nothing. */
export async function revokeToken(call: Call, authorization: string | undefined): Promise<void> {
  const { realm, place } = call;
  const { client } = await authenticateClient(call, authorization);
  const token = required(call, 'token');
  const refresh = await readRefreshToken(realm, token);
  if (refresh !== undefined) {
    if (refresh.grant.clientId === client.id) await revokeGrant(realm, refresh.grant.grantId);
    return;
  }
  const claims = await readAccessToken(realm, place.issuer, token);
  if (claims === undefined || stringClaim(claims, 'client_id') !== client.id) return;
  const grant = await grantOfAccessToken(realm, claims);
  await (grant === undefined ? endAccessToken(realm, claims) : revokeGrant(realm, grant.grantId));
}
