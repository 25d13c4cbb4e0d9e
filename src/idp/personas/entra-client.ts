import { GRANT } from '../../oauth/client-assertion.ts';
import type { AzureRegistration, Client, Snapshot } from '../../registry/model.ts';
import { rowOf } from '../engine/client.ts';
import type { LocalClient } from '../engine/client.ts';
import type { Place } from '../place.ts';
import type { Tenants } from '../tenants.ts';

const DAY = 24 * 60 * 60;

/** The application, if it exists in this tenant: as its own, or as one that every tenant may use. */
export function findEntraClient(
  tenants: Tenants,
  snapshot: Snapshot,
  clientId: string,
  place: Place,
): LocalClient | undefined {
  const row = snapshot.client('azure', clientId);
  if (row === undefined || row.state !== 'ready' || snapshot.app(row.app)?.state !== 'active') return undefined;
  const { registration } = row;
  if (registration.provider !== 'azure') return undefined;
  return place.shared === true || isInTenant(tenants, registration, place.tenant)
    ? toClient(row, registration)
    : undefined;
}

/** Whether an application can be used in a tenant. */
export function isInTenant(tenants: Tenants, registration: AzureRegistration, tenant: string): boolean {
  return registration.signInAudience === 'AzureADMultipleOrgs' || tenants.named(registration.tenant) === tenant;
}

/** Exact; for `http://localhost` any port (RFC 8252 7.3). */
export function redirectMatches(registered: readonly string[], uri: string): boolean {
  if (registered.includes(uri)) return true;
  const bare = withoutLocalPort(uri);
  return bare !== undefined && registered.some((known) => withoutLocalPort(known) === bare);
}

/** Whether an address is one of the client's browser applications: those have no secret, and redeem codes from another origin. */
export function isBrowserApplication(client: LocalClient, redirectUri: string | undefined): boolean {
  const { registration } = rowOf(client);
  if (redirectUri === undefined || registration.provider !== 'azure') return false;
  return redirectMatches(registration.spaRedirectUris ?? [], redirectUri);
}

/** The client as a browser application has it: its refresh tokens end a day after the sign-in, however often they are used. */
export function asBrowserApplication(client: LocalClient): LocalClient {
  return { ...client, refresh: { ...client.refresh, lifetimeSeconds: DAY, authorizationSeconds: DAY } };
}

function toClient(row: Client, registration: AzureRegistration): LocalClient {
  const { secretEnds, federatedCredentials: federated, spaRedirectUris = [] } = registration;
  const redirectUris = [...registration.redirectUris, ...spaRedirectUris];
  return {
    id: row.clientId,
    name: registration.displayName,
    authMethods: [
      'private_key_jwt',
      'client_secret_post',
      'client_secret_basic',
      ...(spaRedirectUris.length === 0 ? [] : (['none'] as const)),
    ],
    secretHashes: registration.secretHashes,
    ...(secretEnds === undefined ? {} : { secretEnds }),
    ...(federated === undefined ? {} : { federated }),
    keys: row.keys,
    redirectUris,
    // Entra knows one list: a return address is a redirect URI.
    postLogoutRedirectUris: redirectUris,
    frontchannelLogoutUri: registration.frontchannelLogoutUri,
    backchannelLogoutUri: undefined,
    sessionNamed: true,
    ssoDisabled: false,
    challengeRequired: false,
    grantTypes: [GRANT.authorizationCode, GRANT.refreshToken, GRANT.clientCredentials, GRANT.jwtBearer],
    refresh: {
      issued: 'with-offline_access',
      lifetimeSeconds: 90 * DAY,
      authorizationSeconds: 36_500 * DAY,
      usage: 'old-stays',
    },
    row,
    openid: undefined,
  };
}

function withoutLocalPort(uri: string): string | undefined {
  return /^http:\/\/localhost(?=[:/])/.test(uri)
    ? uri.replace(/^http:\/\/localhost(:\d+)?/, 'http://localhost')
    : undefined;
}
