import { stringClaim } from '../../oauth/jwt.ts';
import type { Call } from '../persona.ts';
import { authenticateClient } from './client-authentication.ts';
import { readOwnToken } from './own-token.ts';
import { grantOfRefreshToken, revokeGrant } from './refresh-tokens.ts';
import { Refusal } from './refusal.ts';
import { required } from './token.ts';
import { grantOfAccessToken } from './userinfo.ts';

/** Token revocation (RFC 7009 2): ends the grant behind the token, not the SSO session. A token that is unknown or another client's changes nothing. */
export async function revokeToken(call: Call, authorization: string | undefined): Promise<void> {
  const { realm, place } = call;
  const policy = realm.persona.token;
  if (policy.kind !== 'clients') throw new Refusal('grant-unsupported', { grant: 'revocation' });
  const { client } = await authenticateClient(call, authorization, policy);
  const token = required(call, 'token');
  const refresh = await grantOfRefreshToken(realm, token);
  if (refresh !== undefined) {
    if (refresh.clientId === client.id) await revokeGrant(realm, refresh.grantId);
    return;
  }
  const claims = readOwnToken(realm, place.issuer, token);
  if (claims === undefined || stringClaim(claims, 'client_id') !== client.id) return;
  const grantId = await grantOfAccessToken(realm, stringClaim(claims, 'jti') ?? '');
  if (grantId !== undefined) await revokeGrant(realm, grantId);
}
