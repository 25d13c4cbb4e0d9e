import { GRANT } from '../../oauth/client-assertion.ts';
import { splitAppId } from '../../registry/app-id.ts';
import type { IdportenRegistration, Snapshot } from '../../registry/model.ts';
import { ADDED } from '../clients/overlay.ts';
import { rowOf } from '../engine/client.ts';
import type { LocalClient } from '../engine/client.ts';
import { isLoopbackHost } from '../safety.ts';

/** What a client of ID-porten is registered with. */
export function registrationOf(client: LocalClient): IdportenRegistration {
  const { registration } = rowOf(client);
  if (registration.provider === 'idporten') return registration;
  throw new TypeError('not an ID-porten client');
}

/** A client of ID-porten, if it exists and may be used. */
export function findIdportenClient(snapshot: Snapshot, clientId: string): LocalClient | undefined {
  const row = snapshot.client('idporten', clientId);
  if (row === undefined || row.state !== 'ready' || snapshot.app(row.app)?.state !== 'active') return undefined;
  const { registration } = row;
  if (registration.provider !== 'idporten') return undefined;
  return {
    id: row.clientId,
    name: splitAppId(row.app).cluster === ADDED ? row.clientId : row.app,
    authMethods: [registration.tokenEndpointAuthMethod],
    secretHashes: registration.secretHashes,
    keys: row.keys,
    redirectUris: registration.redirectUris.filter((uri) => mayReturnTo(uri, registration)),
    postLogoutRedirectUris: registration.postLogoutRedirectUris,
    frontchannelLogoutUri: registration.frontchannelLogoutUri,
    backchannelLogoutUri: registration.backchannelLogoutUri,
    sessionNamed:
      registration.frontchannelLogoutSessionRequired || registration.backchannelLogoutSessionRequired === true,
    ssoDisabled: registration.ssoDisabled,
    challengeRequired: registration.codeChallengeMethod === 'S256',
    grantTypes: registration.grantTypes.filter((grant) => grant !== GRANT.refreshToken || refreshable(registration)),
    refresh: {
      issued: refreshable(registration) ? 'always' : 'never',
      lifetimeSeconds: registration.refreshTokenLifetime,
      authorizationSeconds: registration.authorizationLifetime,
      usage: registration.refreshTokenUsage === 'REUSE' ? 'reuse' : 'one-time',
    },
    row,
    openid: undefined,
  };
}

/** Without TLS only this machine is sent back to; addresses of other schemes are those of programs on a phone (RFC 8252 7). */
function mayReturnTo(uri: string, { applicationType }: IdportenRegistration): boolean {
  const url = URL.parse(uri);
  if (url === null) return false;
  if (url.protocol === 'http:') return isLoopbackHost(url.hostname) || url.hostname.endsWith('.localhost');
  return url.protocol === 'https:' || applicationType === 'native';
}

/** A client without a credential may not refresh. */
function refreshable(registration: IdportenRegistration): boolean {
  return registration.tokenEndpointAuthMethod !== 'none' && registration.grantTypes.includes(GRANT.refreshToken);
}
