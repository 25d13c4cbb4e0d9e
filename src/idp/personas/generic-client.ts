import type { Algorithm } from '../../oauth/algorithms.ts';
import { GRANT } from '../../oauth/client-assertion.ts';
import type { LocalClient } from '../engine/client.ts';
import type { OpenidClient } from '../clients/openid-client.ts';
import type { GenericSettings } from './generic-settings.ts';

const DAY = 24 * 60 * 60;
const REFRESH_SECONDS = 14 * DAY;
const AUTHORIZATION_SECONDS = 90 * DAY;

/** What the engine sees of a registered client: the registration, as far as the persona goes along with it. */
export function localClient(settings: GenericSettings, client: OpenidClient): LocalClient {
  return {
    id: client.clientId,
    name: client.name,
    authMethods: settings.authMethods.filter((method) => method === client.authMethod),
    secretHashes: client.secretHashes,
    keys: client.keys,
    redirectUris: client.redirectUris,
    postLogoutRedirectUris: client.postLogoutRedirectUris,
    frontchannelLogoutUri: settings.frontchannelLogout ? client.frontchannelLogoutUri : undefined,
    backchannelLogoutUri: settings.backchannelLogout ? client.backchannelLogoutUri : undefined,
    // So that an ID token alone is enough to sign out with, whatever became of the cookie.
    sessionNamed: true,
    ssoDisabled: false,
    challengeRequired:
      settings.challenge === 'required' || (settings.challenge === 'public-clients' && client.authMethod === 'none'),
    grantTypes: client.grantTypes,
    refresh: {
      issued: client.grantTypes.includes(GRANT.refreshToken) ? 'always' : 'never',
      lifetimeSeconds: REFRESH_SECONDS,
      authorizationSeconds: AUTHORIZATION_SECONDS,
      usage: settings.refreshUsage,
    },
    row: undefined,
    openid: client,
  };
}

/** The registration behind a client of a generic persona. */
export function registrationOf(client: LocalClient): OpenidClient {
  if (client.openid === undefined) throw new TypeError('a client of a generic persona was registered with it');
  return client.openid;
}

/** What a client's tokens are signed with. */
export function algorithmsOf(
  { signingAlgorithms: [first] }: GenericSettings,
  { openid }: LocalClient,
): { readonly id: Algorithm; readonly access: Algorithm } {
  const id = openid?.idTokenAlg ?? first;
  return { id, access: openid?.accessTokenAlg ?? id };
}
