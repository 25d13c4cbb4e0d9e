import { azureRegistration, hashed } from '../../src/idp/testing/registrations.ts';
import { CASE_WORKERS, guid } from '../../src/idp/testing/rows.ts';
import type { PublicJwk } from '../../src/oauth/jwk.ts';
import { appId } from '../../src/registry/app-id.ts';
import type { AppId } from '../../src/registry/app-id.ts';
import type {
  AzureRegistration,
  Client,
  Grant,
  IdportenRegistration,
  MaskinportenScope,
  TokenxTokenSettings,
} from '../../src/registry/model.ts';
import type { SnapshotData } from '../../src/registry/snapshot.ts';
import { appRow } from '../../src/registry/testing/app-row.ts';

/** A secret that clients without a key have. */
export const SECRET = 'a secret / with + signs : and % in it';

/** An app of these tests by its short name. */
export function app(name: string): AppId {
  return appId('local', 'strangers', name);
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

/** The members of a registration that authenticate by SECRET. */
export function withSecret(
  method: 'client_secret_basic' | 'client_secret_post',
): Pick<IdportenRegistration, 'tokenEndpointAuthMethod' | 'secretHashes'> {
  return { tokenEndpointAuthMethod: method, secretHashes: [hashed(SECRET)] };
}

/** The Entra application of an app, for case workers, with SECRET; `number` makes its GUIDs. */
export function azureApplication(
  name: string,
  number: number,
  change: Partial<AzureRegistration> = {},
): AzureRegistration {
  const known = { groups: [CASE_WORKERS], secretHashes: [hashed(SECRET)] };
  return azureRegistration(app(name), guid(0x100 + number), { ...known, ...change });
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
