import type { PublicJwk } from '../../oauth/jwk.ts';
import { appId } from '../../registry/app-id.ts';
import type { App, Client, Grant, TokenxTokenSettings } from '../../registry/model.ts';
import { appRow } from '../../registry/testing/app-row.ts';

/** An application of the namespace `fleet` in the cluster `dev`. */
export function testApp(name: string, changes: Partial<App> = {}): App {
  const id = appId('dev', 'fleet', name);
  const app = appRow(id);
  return {
    ...app,
    uid: `uid-${name}`,
    hash: name,
    positions: { 'spec.accessPolicy.inbound.rules': { file: `${name}.yaml`, line: 7, column: 5, path: '' } },
    spec: { ...app.spec, identity: { mode: 'keys', serviceAccount: name } },
    ...changes,
  };
}

/** A TokenX client with these keys. */
export function testClient(app: string, keys: readonly PublicJwk[], token: TokenxTokenSettings = {}): Client {
  return { ...client(app), keys, registration: { provider: 'tokenx', token } };
}

/** A client of an application at ID-porten. */
export function idportenClient(app: string, clientId: string): Client {
  const registration = {
    provider: 'idporten',
    orgno: '310000019',
    redirectUris: [],
    postLogoutRedirectUris: [],
    frontchannelLogoutSessionRequired: false,
    scopes: [],
    accessTokenLifetime: 3600,
    authorizationLifetime: 3600,
    refreshTokenLifetime: 3600,
    refreshTokenUsage: 'ONETIME',
    tokenEndpointAuthMethod: 'private_key_jwt',
    secretHashes: [],
    codeChallengeMethod: 'S256',
    ssoDisabled: false,
    grantTypes: [],
  } as const;
  return { ...client(app), provider: 'idporten', clientId, keys: [], registration };
}

function client(app: string): Omit<Client, 'registration' | 'keys'> {
  const id = testApp(app).id;
  return { app: id, provider: 'tokenx', clientId: id, state: 'ready' };
}

/** A grant by short names; `ns/name` and `cluster:ns:name` may be written out. */
export function testGrant(from: string, to: string, scopes: readonly string[] = []): Grant {
  const [name = '', namespace = 'fleet', cluster = 'dev'] = from.split(/[:/]/).toReversed();
  const position = { file: `${to}.yaml`, line: 8, column: 7, path: 'spec.accessPolicy.inbound.rules[0]' };
  return { target: testApp(to).id, consumer: { cluster, namespace, name }, roles: [], scopes, position };
}
