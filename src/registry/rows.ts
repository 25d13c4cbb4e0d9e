import type { AppId } from './app-id.ts';
import type { RegistryChange } from './contract.ts';
import { dropExpired, putDenials } from './denial-rows.ts';
import type { Expiring } from './denial-rows.ts';
import type { Denial } from './denial.ts';
import type { IssuerRow } from './issuer-row.ts';
import type { App, Client, ClientProvider, MaskinportenScope, WildcardGrants } from './model.ts';
import { emptyMap } from './persistent-map.ts';
import type { MapEditor, PersistentMap } from './persistent-map.ts';
import { forget, ingressNames, learn, resourceNames } from './resources.ts';
import { targetGrants } from './target-grants.ts';
import type { TargetGrants } from './target-grants.ts';

/** The rows of one version with their indexes, all of them immutable: the next version shares what did not change. */
export interface Rows extends Tables<'map'> {
  readonly version: number;
  readonly wildcardGrants: WildcardGrants;
}

/** The tables of {@link Rows}, at rest or being changed. */
type Tables<M extends 'map' | 'editor'> = {
  readonly apps: Table<M, App>;
  /** By `provider app`. */
  readonly clients: Table<M, Client>;
  /** By `provider clientId`. */
  readonly clientIds: Table<M, Client>;
  /** By target. */
  readonly grants: Table<M, TargetGrants>;
  readonly scopes: Table<M, MaskinportenScope>;
  /** Names of scopes by owner. */
  readonly scopesOf: Table<M, readonly string[]>;
  readonly issuers: Table<M, IssuerRow>;
  /** By hash. */
  readonly denials: Table<M, Denial>;
  /** By the minute. */
  readonly expiries: Table<M, Expiring>;
  /** Apps by the resource identifiers they declared, and by their ingresses. */
  readonly resources: Table<M, readonly AppId[]>;
  readonly ingresses: Table<M, readonly AppId[]>;
};
type Table<M, V> = M extends 'map' ? PersistentMap<V> : MapEditor<V>;

/** Tables while a change is written into them. */
type RowEditors = Tables<'editor'>;

/** Every provider a client can be of. */
const PROVIDERS: readonly ClientProvider[] = ['tokenx', 'azure', 'idporten', 'maskinporten', 'openid'];

/** No rows, at version 0. */
export function emptyRows(): Rows {
  return {
    version: 0,
    wildcardGrants: 'network-only',
    apps: emptyMap(),
    clients: emptyMap(),
    clientIds: emptyMap(),
    grants: emptyMap(),
    scopes: emptyMap(),
    scopesOf: emptyMap(),
    issuers: emptyMap(),
    denials: emptyMap(),
    expiries: emptyMap(),
    resources: emptyMap(),
    ingresses: emptyMap(),
  };
}

/** The key of a client in `clients` and, with its client id, in `clientIds`. */
export function clientKey(provider: string, name: string): string {
  return `${provider} ${name}`;
}

/** The rows with a change in them, at `version`; costs what changes, not what is there. `at` is seconds since the epoch. Nothing is checked: see `refuseTakenIds`. */
export function changedRows(
  rows: Rows,
  change: RegistryChange,
  { version, at }: { version: number; at: number },
): Rows {
  const edit = editorsOf(rows);
  for (const id of change.removeApps ?? []) removeApp(edit, id);
  for (const app of change.putApps ?? []) putApp(edit, app);
  for (const { app, provider } of change.removeClients ?? []) removeClient(edit, app, provider);
  // All go before any comes: an id may pass from one app to another.
  for (const { app, provider } of change.putClients ?? []) removeClient(edit, app, provider);
  for (const client of change.putClients ?? []) putClient(edit, client);
  for (const { target, grants } of change.replaceGrants ?? []) edit.grants.set(target, targetGrants(grants));
  for (const { owner } of change.replaceScopes ?? []) removeScopes(edit, owner);
  for (const { owner, scopes } of change.replaceScopes ?? []) putScopes(edit, owner, scopes);
  for (const name of change.removeIssuers ?? []) edit.issuers.delete(name);
  for (const issuer of change.putIssuers ?? []) edit.issuers.set(issuer.name, issuer);
  if (change.putDenials !== undefined) dropExpired(edit, rows, at);
  putDenials(edit, change.putDenials ?? []);
  return { ...tablesOf(edit), version, wildcardGrants: change.wildcardGrants ?? rows.wildcardGrants };
}

function editorsOf(rows: Rows): RowEditors {
  return {
    apps: rows.apps.edit(),
    clients: rows.clients.edit(),
    clientIds: rows.clientIds.edit(),
    grants: rows.grants.edit(),
    scopes: rows.scopes.edit(),
    scopesOf: rows.scopesOf.edit(),
    issuers: rows.issuers.edit(),
    denials: rows.denials.edit(),
    expiries: rows.expiries.edit(),
    resources: rows.resources.edit(),
    ingresses: rows.ingresses.edit(),
  };
}

function tablesOf(edit: RowEditors): Tables<'map'> {
  return {
    apps: edit.apps.done(),
    clients: edit.clients.done(),
    clientIds: edit.clientIds.done(),
    grants: edit.grants.done(),
    scopes: edit.scopes.done(),
    scopesOf: edit.scopesOf.done(),
    issuers: edit.issuers.done(),
    denials: edit.denials.done(),
    expiries: edit.expiries.done(),
    resources: edit.resources.done(),
    ingresses: edit.ingresses.done(),
  };
}

function removeApp(edit: RowEditors, id: AppId): void {
  const app = edit.apps.get(id);
  if (app !== undefined) forget(edit.ingresses, ingressNames(app), id);
  edit.apps.delete(id);
  for (const provider of PROVIDERS) removeClient(edit, id, provider);
  edit.grants.delete(id);
  removeScopes(edit, id);
}

function putApp(edit: RowEditors, app: App): void {
  const old = edit.apps.get(app.id);
  if (old !== undefined) forget(edit.ingresses, ingressNames(old), app.id);
  edit.apps.set(app.id, app);
  learn(edit.ingresses, ingressNames(app), app.id);
}

function removeClient(edit: RowEditors, app: AppId, provider: ClientProvider): void {
  const key = clientKey(provider, app);
  const old = edit.clients.get(key);
  if (old === undefined) return;
  edit.clients.delete(key);
  const idKey = clientKey(provider, old.clientId);
  if (edit.clientIds.get(idKey)?.app === app) edit.clientIds.delete(idKey);
  forget(edit.resources, resourceNames(old), app);
}

function putClient(edit: RowEditors, client: Client): void {
  removeClient(edit, client.app, client.provider);
  edit.clients.set(clientKey(client.provider, client.app), client);
  edit.clientIds.set(clientKey(client.provider, client.clientId), client);
  learn(edit.resources, resourceNames(client), client.app);
}

function removeScopes(edit: RowEditors, owner: AppId): void {
  for (const name of edit.scopesOf.get(owner) ?? []) {
    if (edit.scopes.get(name)?.owner === owner) edit.scopes.delete(name);
  }
  edit.scopesOf.delete(owner);
}

function putScopes(edit: RowEditors, owner: AppId, scopes: readonly MaskinportenScope[]): void {
  for (const scope of scopes) edit.scopes.set(scope.name, scope);
  edit.scopesOf.set(
    owner,
    scopes.map(({ name }) => name),
  );
}
