import { createHash } from 'node:crypto';
import type { PublicJwk } from '../../src/oauth/jwk.ts';
import { appId } from '../../src/registry/app-id.ts';
import type { AppId } from '../../src/registry/app-id.ts';
import type {
  App,
  AzureRegistration,
  Client,
  Grant,
  IdportenRegistration,
  MaskinportenScope,
  TokenxTokenSettings,
} from '../../src/registry/model.ts';
import type { SnapshotData } from '../../src/registry/snapshot.ts';

/** The organisation every app of these tests belongs to. */
export const ORGNO = '310000019';
/** The group of case workers in the people the local providers start with. */
const CASE_WORKERS = '00000000-0000-4000-8000-0000000000e1';
/** A secret that clients without a key have. */
export const SECRET = 'a secret / with + signs : and % in it';

/** An app of these tests by its short name. */
export function app(name: string): AppId {
  return appId('local', 'strangers', name);
}

/** A GUID near zero. */
export function guid(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** One client of a named app. */
export function client(name: string, clientId: string, rest: Pick<Client, 'keys' | 'registration'>): Client {
  return { app: app(name), provider: rest.registration.provider, clientId, state: 'ready', ...rest };
}

/** Rows of a registry: an app for every client, and what else is given. */
export function rows(
  clients: readonly Client[],
  rest: { readonly grants?: readonly Grant[]; readonly scopes?: readonly MaskinportenScope[] } = {},
): SnapshotData {
  const apps = [...new Set(clients.map((each) => each.app))].map(appRow);
  return { version: 1, wildcardGrants: 'network-only', apps, clients, grants: [], scopes: [], ...rest };
}

/** A client at ID-porten as the registrar would make it. */
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

/** The members of a registration that authenticate by SECRET. */
export function withSecret(
  method: 'client_secret_basic' | 'client_secret_post',
): Pick<IdportenRegistration, 'tokenEndpointAuthMethod' | 'secretHashes'> {
  return { tokenEndpointAuthMethod: method, secretHashes: [hashed(SECRET)] };
}

/** An Entra application as the registrar would make it; `number` makes its GUIDs. */
export function azureRegistration(
  name: string,
  number: number,
  change: Partial<AzureRegistration> = {},
): AzureRegistration {
  return {
    provider: 'azure',
    displayName: app(name),
    servicePrincipalId: guid(0x100 + number),
    identifierUris: [`api://${app(name).replaceAll(':', '.')}`],
    redirectUris: [],
    allowAllUsers: false,
    groups: [CASE_WORKERS],
    secretHashes: [hashed(SECRET)],
    ...change,
  };
}

/** A TokenX client, with what it asks of tokens made for it. */
export function tokenxClient(name: string, keys: readonly PublicJwk[] = [], token: TokenxTokenSettings = {}): Client {
  return client(name, app(name), { keys, registration: { provider: 'tokenx', token } });
}

/** A rule of `target` that names `consumer`. */
export function grant(consumer: string, target: string, more: Partial<Pick<Grant, 'roles' | 'scopes'>> = {}): Grant {
  return {
    target: app(target),
    consumer: { cluster: 'local', namespace: 'strangers', name: consumer },
    roles: [],
    scopes: [],
    position: { file: `${target}.yaml`, line: 9, column: 7, path: 'spec.accessPolicy.inbound.rules[0]' },
    ...more,
  };
}

function appRow(id: AppId): App {
  return {
    id,
    uid: `uid-${id}`,
    generation: 1,
    hash: id,
    state: 'active',
    kind: 'Application',
    spec: {
      ingresses: [],
      port: 8080,
      upstream: { host: '127.0.0.1', port: 8080 },
      identity: { mode: 'keys', serviceAccount: id },
      inbound: [],
      outbound: [],
    },
  };
}

function hashed(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
