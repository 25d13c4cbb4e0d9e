import type { PublicJwk } from '../../oauth/jwk.ts';
import { appId } from '../../registry/app-id.ts';
import type { AppId } from '../../registry/app-id.ts';
import type {
  App,
  AzureRegistration,
  Client,
  Grant,
  IdportenRegistration,
  Registration,
} from '../../registry/model.ts';
import type { SnapshotData } from '../../registry/snapshot.ts';
import { appRow } from '../../registry/testing/app-row.ts';
import { azureRegistration, hashed, idportenRegistration } from './registrations.ts';
import { maskinportenClients, maskinportenScopes } from './rows-maskinporten.ts';

/** Group of the people of case work, as `people.yaml` has it at first start. */
export const CASE_WORKERS = '00000000-0000-4000-8000-0000000000e1';

/** A GUID near zero. */
export function guid(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

const app = (name: string): AppId => appId('local', 'demo', name);

type ClientName =
  | 'portal'
  | 'basic'
  | 'post'
  | 'reuse'
  | 'lenient'
  | 'desk'
  | 'middle'
  | 'api'
  | 'closed'
  | 'picky'
  | 'feed'
  | 'certified';

/** Client ids of the test world. */
export const CLIENTS: Readonly<Record<ClientName, string>> = {
  portal: 'portal-id',
  basic: 'basic-id',
  post: 'post-id',
  reuse: 'reuse-id',
  lenient: 'lenient-id',
  desk: guid(0x10),
  middle: guid(0x11),
  api: guid(0x12),
  closed: guid(0x13),
  picky: guid(0x14),
  feed: 'feed-id',
  certified: 'certified-id',
};

/** What the registry of a test world holds; every client has the one key. */
export function worldRows(key: PublicJwk, certified: PublicJwk): SnapshotData {
  return {
    version: 1,
    wildcardGrants: 'network-only',
    apps: Object.keys(CLIENTS).map(declaredApp),
    clients: [...idportenClients(key), ...entraClients(key, certified), ...maskinportenClients(key)],
    grants: [grant('middle', 'desk'), grant('api', 'desk', ['admin']), grant('api', 'middle'), grant('picky', 'desk')],
    scopes: maskinportenScopes(app('api')),
  };
}

function idportenClients(key: PublicJwk): readonly Client[] {
  const secretHashes = [hashed('s3cret')];
  const frontchannelLogoutUri = 'http://127.0.0.1:7500/oauth2/logout/frontchannel';
  const post = { tokenEndpointAuthMethod: 'client_secret_post', frontchannelLogoutSessionRequired: false } as const;
  return [
    client('portal', idportenClient({ frontchannelLogoutUri }), [key]),
    client('basic', idportenClient({ tokenEndpointAuthMethod: 'client_secret_basic', secretHashes }), []),
    client('post', idportenClient({ ...post, secretHashes }), []),
    client('reuse', idportenClient({ refreshTokenUsage: 'REUSE' }), [key]),
    client('lenient', idportenClient({ codeChallengeMethod: 'none' }), [key]),
  ];
}

function entraClients(key: PublicJwk, certified: PublicJwk): readonly Client[] {
  const redirectUris = ['http://localhost:7502/oauth2/callback', 'http://127.0.0.1:7502/oauth2/callback'];
  return [
    client('desk', azureClient('desk', 0x20, { redirectUris }), [key, certified]),
    client('middle', azureClient('middle', 0x21), [key]),
    client('api', azureClient('api', 0x22), [key]),
    client('closed', azureClient('closed', 0x23), [key]),
    client('picky', azureClient('picky', 0x24, { groups: [guid(0xee)] }), [key]),
  ];
}

function client(name: ClientName, registration: Registration, keys: readonly PublicJwk[]): Client {
  const { provider } = registration;
  return { app: app(name), provider, clientId: CLIENTS[name], state: 'ready', keys, registration };
}

function declaredApp(name: string): App {
  const path = 'spec.accessPolicy.inbound.rules';
  return { ...appRow(app(name)), positions: { [path]: { file: `${name}.yaml`, line: 18, column: 5, path } } };
}

function idportenClient(change: Partial<IdportenRegistration>): IdportenRegistration {
  return idportenRegistration({
    redirectUris: ['http://127.0.0.1:7500/oauth2/callback'],
    postLogoutRedirectUris: ['http://127.0.0.1:7500/oauth2/logout/callback'],
    ...change,
  });
}

function azureClient(name: string, principal: number, change: Partial<AzureRegistration> = {}): AzureRegistration {
  const known = { groups: [CASE_WORKERS], secretHashes: [hashed('s3cret')] };
  return azureRegistration(app(name), guid(principal), { ...known, ...change });
}

function grant(target: string, consumer: string, roles: readonly string[] = []): Grant {
  return {
    target: app(target),
    consumer: { cluster: 'local', namespace: 'demo', name: consumer },
    roles,
    scopes: [],
    position: { file: `${target}.yaml`, line: 20, column: 9, path: 'spec.accessPolicy.inbound.rules[0]' },
  };
}
