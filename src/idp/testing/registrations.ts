import { createHash } from 'node:crypto';
import type { AppId } from '../../registry/app-id.ts';
import type { AzureRegistration, IdportenRegistration } from '../../registry/model.ts';

/** The organisation of the apps of tests. */
export const ORGNO = '310000019';

/** Hex SHA-256 of a secret, as registrations hold it. */
export function hashed(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** A client at ID-porten as the registrar would make it, without addresses. */
export function idportenRegistration(change: Partial<IdportenRegistration> = {}): IdportenRegistration {
  return {
    provider: 'idporten',
    orgno: ORGNO,
    redirectUris: [],
    postLogoutRedirectUris: [],
    frontchannelLogoutSessionRequired: true,
    scopes: ['openid', 'profile'],
    accessTokenLifetime: 3600,
    authorizationLifetime: 7200,
    refreshTokenLifetime: 7200,
    refreshTokenUsage: 'ONETIME',
    tokenEndpointAuthMethod: 'private_key_jwt',
    secretHashes: [],
    codeChallengeMethod: 'S256',
    ssoDisabled: false,
    grantTypes: ['authorization_code', 'refresh_token'],
    ...change,
  };
}

/** The application at Entra ID of an app as the registrar would make it, without addresses, groups and secrets. */
export function azureRegistration(
  app: AppId,
  servicePrincipalId: string,
  change: Partial<AzureRegistration> = {},
): AzureRegistration {
  return {
    provider: 'azure',
    displayName: app,
    servicePrincipalId,
    identifierUris: [`api://${app.replaceAll(':', '.')}`],
    redirectUris: [],
    allowAllUsers: false,
    groups: [],
    secretHashes: [],
    ...change,
  };
}
