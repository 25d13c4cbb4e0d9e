import type { Denial } from './denial.ts';
import type { IssuerRow } from './issuer-row.ts';
import type { App, Client, Grant, MaskinportenScope, Snapshot, WildcardGrants } from './model.ts';
import { findResource } from './resources.ts';
import { changedRows, clientKey, emptyRows } from './rows.ts';
import type { Rows } from './rows.ts';
import { NO_GRANTS } from './target-grants.ts';
import type { TargetGrants } from './target-grants.ts';

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

/** Indexes rows for constant-time questions. The rows are not copied: treat them as frozen. */
export function createSnapshot(data: SnapshotData): Snapshot {
  return snapshotOf(rowsOf(data));
}

/** Rows from lists, as a test has them. */
export function rowsOf(data: SnapshotData): Rows {
  const grants = Map.groupBy(data.grants, ({ target }) => target);
  const scopes = Map.groupBy(data.scopes, ({ owner }) => owner);
  const all = {
    putApps: data.apps,
    putClients: data.clients,
    replaceGrants: [...grants].map(([target, list]) => ({ target, grants: list })),
    replaceScopes: [...scopes].map(([owner, list]) => ({ owner, scopes: list })),
    putIssuers: data.issuers ?? [],
    putDenials: data.denials ?? [],
    wildcardGrants: data.wildcardGrants,
  };
  return changedRows(emptyRows(), all, { version: data.version, at: 0 });
}

/** The read-only view of the rows. */
export function snapshotOf(rows: Rows): Snapshot {
  const grantsOf = (target: string): TargetGrants => rows.grants.get(target) ?? NO_GRANTS;
  return {
    version: rows.version,
    wildcardGrants: rows.wildcardGrants,
    app: (id) => rows.apps.get(id),
    apps: () => rows.apps.values(),
    client: (provider, clientId) => rows.clientIds.get(clientKey(provider, clientId)),
    clientOf: (app, provider) => rows.clients.get(clientKey(provider, app)),
    clients: (provider) => [...rows.clients.values()].filter((client) => client.provider === provider),
    grantsFor: (target) => grantsOf(target).list,
    grantsBetween: (consumer, target) => grantsOf(target).between(consumer),
    declaredScopes: (target) => grantsOf(target).scopes(),
    scope: (name) => rows.scopes.get(name),
    scopes: () => rows.scopes.values(),
    issuer: (name) => rows.issuers.get(name),
    issuers: () => rows.issuers.values(),
    denial: (hash) => rows.denials.get(hash),
    denials: rows.denials.size,
    appOfResource: (resource) => findResource(rows, resource),
  };
}
