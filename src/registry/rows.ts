import type { AppId } from './app-id.ts';
import type { KeyRow } from './key-row.ts';
import type { App, Client, Grant, MaskinportenScope, Snapshot, WildcardGrants } from './model.ts';
import type { Denial } from './denial.ts';
import type { IssuerRow } from './issuer-row.ts';
import { KeyStateConflict, RegistryUnavailable } from './contract.ts';
import type { RegistryChange } from './contract.ts';
import { createSnapshot } from './snapshot.ts';
import type { SnapshotData } from './snapshot.ts';

/** All rows in memory, keyed as the tables are; what both registries hold and change alike. */
export interface Rows {
  readonly version: number;
  readonly wildcardGrants: WildcardGrants;
  readonly apps: ReadonlyMap<AppId, App>;
  /** By `app provider`. */
  readonly clients: ReadonlyMap<string, Client>;
  readonly grants: ReadonlyMap<AppId, readonly Grant[]>;
  readonly scopes: ReadonlyMap<AppId, readonly MaskinportenScope[]>;
  readonly keys: ReadonlyMap<string, KeyRow>;
  readonly issuers: ReadonlyMap<string, IssuerRow>;
  /** By hash. */
  readonly denials: ReadonlyMap<string, Denial>;
}

/** Rows from lists, as a store or a test has them. */
export function rowsOf(data: SnapshotData & { readonly keys?: readonly KeyRow[] }): Rows {
  return {
    version: data.version,
    wildcardGrants: data.wildcardGrants,
    apps: new Map(data.apps.map((app) => [app.id, app])),
    clients: new Map(data.clients.map((client) => [clientKey(client), client])),
    grants: Map.groupBy(data.grants, (grant) => grant.target),
    scopes: Map.groupBy(data.scopes, (scope) => scope.owner),
    keys: new Map((data.keys ?? []).map((key) => [key.kid, key])),
    issuers: new Map((data.issuers ?? []).map((issuer) => [issuer.name, issuer])),
    denials: new Map((data.denials ?? []).map((denial) => [denial.hash, denial])),
  };
}

/** The rows after a change, one version later. Throws KeyStateConflict, and RegistryUnavailable for a client id that is another app's. */
export function applyChange(rows: Rows, change: RegistryChange, now: number): Rows {
  const gone = new Set<AppId>(change.removeApps);
  const apps = without(rows.apps, (id) => gone.has(id));
  for (const app of change.putApps ?? []) apps.set(app.id, app);
  const clients = without(rows.clients, (_, client) => gone.has(client.app));
  for (const client of change.removeClients ?? []) clients.delete(clientKey(client));
  for (const client of change.putClients ?? []) clients.set(clientKey(client), client);
  if (change.putClients !== undefined) refuseTakenIds(clients);
  const grants = without(rows.grants, (id) => gone.has(id));
  for (const { target, grants: list } of change.replaceGrants ?? []) grants.set(target, list);
  const scopes = without(rows.scopes, (id) => gone.has(id));
  for (const { owner, scopes: list } of change.replaceScopes ?? []) scopes.set(owner, list);
  const keys = without(rows.keys, (_, key) => gone.has(key.app));
  for (const kid of change.removeKeys ?? []) keys.delete(kid);
  for (const key of change.putKeys ?? []) keys.set(key.kid, key);
  if (change.putKeys !== undefined) refuseDoubles(keys);
  const issuers = without(rows.issuers, (name) => change.removeIssuers?.includes(name) === true);
  for (const issuer of change.putIssuers ?? []) issuers.set(issuer.name, issuer);
  const denials = change.putDenials === undefined ? rows.denials : denied(rows.denials, change.putDenials, now);
  const wildcardGrants = change.wildcardGrants ?? rows.wildcardGrants;
  return { version: rows.version + 1, wildcardGrants, apps, clients, grants, scopes, keys, issuers, denials };
}

function denied(old: ReadonlyMap<string, Denial>, added: readonly Denial[], now: number): ReadonlyMap<string, Denial> {
  const denials = without(old, (_, denial) => denial.expiresAt <= now);
  for (const denial of added) denials.set(denial.hash, denial);
  return denials;
}

/** The indexed, read-only view of the rows. */
export function snapshotOf(rows: Rows): Snapshot {
  return createSnapshot({
    version: rows.version,
    wildcardGrants: rows.wildcardGrants,
    apps: [...rows.apps.values()],
    clients: [...rows.clients.values()],
    grants: [...rows.grants.values()].flat(),
    scopes: [...rows.scopes.values()].flat(),
    issuers: [...rows.issuers.values()],
    denials: [...rows.denials.values()],
  });
}

/** The key of a client row. */
function clientKey(client: { readonly app: AppId; readonly provider: string }): string {
  return `${client.app} ${client.provider}`;
}

function without<K, V>(map: ReadonlyMap<K, V>, drop: (key: K, value: V) => boolean): Map<K, V> {
  return new Map([...map].filter(([key, value]) => !drop(key, value)));
}

/** At most one `current` and one `next` per client and kind, at all times. */
function refuseDoubles(keys: ReadonlyMap<string, KeyRow>): void {
  const seen = new Set<string>();
  for (const key of keys.values()) {
    if (key.state !== 'current' && key.state !== 'next') continue;
    const slot = `${key.app} ${key.provider} ${key.kind} ${key.state}`;
    if (seen.has(slot)) throw new KeyStateConflict(`two ${key.state} keys of ${key.app} at ${key.provider}`);
    seen.add(slot);
  }
}

/** A client id names one app at a provider: a second one would be taken for the first. */
function refuseTakenIds(clients: ReadonlyMap<string, Client>): void {
  const owners = new Map<string, AppId>();
  for (const { app, provider, clientId } of clients.values()) {
    const owner = owners.get(`${provider} ${clientId}`);
    if (owner !== undefined) throw new RegistryUnavailable(`${app} and ${owner} have one client id at ${provider}`);
    owners.set(`${provider} ${clientId}`, app);
  }
}
