import type { AppId } from './app-id.ts';
import type { Denial } from './denial.ts';
import type { IssuerRow } from './issuer-row.ts';
import { indexResources } from './resources.ts';
import type { App, Client, ClientProvider, Grant, MaskinportenScope, Snapshot, WildcardGrants } from './model.ts';

/** The rows a snapshot is made of. */
export interface SnapshotData {
  readonly version: number;
  readonly wildcardGrants: WildcardGrants;
  readonly apps: readonly App[];
  readonly clients: readonly Client[];
  readonly grants: readonly Grant[];
  readonly scopes: readonly MaskinportenScope[];
  readonly issuers?: readonly IssuerRow[];
  readonly denials?: readonly Denial[];
}

const NO_GRANTS: readonly Grant[] = [];

/** Indexes rows for constant-time questions. The rows are not copied: treat them as frozen. */
export function createSnapshot(data: SnapshotData): Snapshot {
  const apps = new Map<string, App>(data.apps.map((app) => [app.id, app]));
  const byClientId = new Map<string, Client>();
  const byApp = new Map<string, Client>();
  for (const client of data.clients) {
    byClientId.set(`${client.provider} ${client.clientId}`, client);
    byApp.set(`${client.provider} ${client.app}`, client);
  }
  const grants = new Map<string, Grant[]>();
  for (const grant of data.grants) {
    const list = grants.get(grant.target);
    if (list === undefined) grants.set(grant.target, [grant]);
    else list.push(grant);
  }
  const scopes = new Map<string, MaskinportenScope>(data.scopes.map((scope) => [scope.name, scope]));
  const issuers = new Map((data.issuers ?? []).map((issuer) => [issuer.name, issuer]));
  const denials = new Map((data.denials ?? []).map((denial) => [denial.hash, denial]));
  const resources = indexResources(data);
  return {
    version: data.version,
    wildcardGrants: data.wildcardGrants,
    app: (id) => apps.get(id),
    apps: () => apps.values(),
    client: (provider, clientId) => byClientId.get(`${provider} ${clientId}`),
    clientOf: (app, provider) => byApp.get(`${provider} ${app}`),
    clients: (provider: ClientProvider) => data.clients.filter((client) => client.provider === provider),
    grantsFor: (target) => grants.get(target) ?? NO_GRANTS,
    scope: (name) => scopes.get(name),
    scopes: () => scopes.values(),
    issuer: (name) => issuers.get(name),
    issuers: () => issuers.values(),
    denial: (hash) => denials.get(hash),
    denials: denials.size,
    appOfResource: (resource): AppId | undefined => resources(resource),
  };
}
