import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { parseAppId } from './app-id.ts';
import type { AppId } from './app-id.ts';
import type { RegistryChange } from './contract.ts';
import type { Denial, DenialKind } from './denial.ts';
import type { IssuerRow } from './issuer-row.ts';
import type { KeyRow } from './key-row.ts';
import type { App, Client, Grant, MaskinportenScope, Registration } from './model.ts';
import { rowsOf } from './rows.ts';
import type { Rows } from './rows.ts';

type Row = Record<string, SQLOutputValue>;

/** Every row of the file. */
export function loadRows(db: DatabaseSync): Rows {
  const meta = new Map(
    db
      .prepare('SELECT name, value FROM meta')
      .all()
      .map((row) => [text(row, 'name'), text(row, 'value')]),
  );
  return rowsOf({
    version: Number(meta.get('generation')),
    wildcardGrants: meta.get('wildcardGrants') === 'tokens' ? 'tokens' : 'network-only',
    apps: db.prepare('SELECT * FROM apps ORDER BY id').all().map(appOf),
    clients: db.prepare('SELECT * FROM clients ORDER BY app, provider').all().map(clientOf),
    grants: db
      .prepare('SELECT value FROM grants ORDER BY target, place')
      .all()
      .map((row): Grant => JSON.parse(text(row, 'value'))),
    scopes: db
      .prepare('SELECT value FROM scopes ORDER BY name')
      .all()
      .map((row): MaskinportenScope => JSON.parse(text(row, 'value'))),
    keys: db.prepare('SELECT value, private_enc FROM keys ORDER BY created_at, kid').all().map(keyOf),
    issuers: db.prepare('SELECT * FROM issuers ORDER BY name').all().map(issuerOf),
    denials: db.prepare('SELECT * FROM deny_list ORDER BY hash').all().map(denialOf),
  });
}

/** Writes a change. Call it inside a transaction. `at` is seconds since the epoch. */
export function writeChange(db: DatabaseSync, change: RegistryChange, at: number): void {
  for (const id of change.removeApps ?? []) removeApp(db, id);
  putApps(db, change.putApps ?? [], at);
  putClients(db, change);
  const dropGrants = db.prepare('DELETE FROM grants WHERE target = ?');
  const putGrant = db.prepare('INSERT INTO grants VALUES (?, ?, ?)');
  for (const { target, grants } of change.replaceGrants ?? []) {
    dropGrants.run(target);
    for (const [place, grant] of grants.entries()) putGrant.run(target, place, JSON.stringify(grant));
  }
  const dropScopes = db.prepare('DELETE FROM scopes WHERE owner = ?');
  const putScope = db.prepare('INSERT INTO scopes VALUES (?, ?, ?)');
  // All go before any comes: a name may pass from one owner to another.
  for (const { owner } of change.replaceScopes ?? []) dropScopes.run(owner);
  for (const { owner, scopes } of change.replaceScopes ?? []) {
    for (const scope of scopes) putScope.run(scope.name, owner, JSON.stringify(scope));
  }
  putKeys(db, change);
  putIssuers(db, change);
  putDenials(db, change, at);
  if (change.wildcardGrants !== undefined) {
    db.prepare(`UPDATE meta SET value = ? WHERE name = 'wildcardGrants'`).run(change.wildcardGrants);
  }
  const audit = db.prepare('INSERT INTO audit (at, actor, action, app, detail) VALUES (?, ?, ?, ?, ?)');
  for (const { actor, action, app, detail } of change.audit ?? []) {
    audit.run(at, actor, action, app ?? null, detail === undefined ? null : JSON.stringify(detail));
  }
}

function removeApp(db: DatabaseSync, id: AppId): void {
  for (const [table, column] of [
    ['apps', 'id'],
    ['clients', 'app'],
    ['grants', 'target'],
    ['scopes', 'owner'],
    ['keys', 'app'],
  ]) {
    db.prepare(`DELETE FROM ${table} WHERE ${column} = ?`).run(id);
  }
}

function putApps(db: DatabaseSync, apps: readonly App[], at: number): void {
  const put = db.prepare(`INSERT INTO apps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET uid = excluded.uid, source = excluded.source, generation = excluded.generation, hash = excluded.hash,
    state = excluded.state, kind = excluded.kind, spec = excluded.spec, positions = excluded.positions,
    updated_at = excluded.updated_at`);
  for (const { id, uid, generation, hash, state, source, kind, spec, positions } of apps) {
    const places = positions === undefined ? null : JSON.stringify(positions);
    put.run(id, uid, generation, hash, state, kind, JSON.stringify(spec), places, at, at, source ?? null);
  }
}

function putClients(db: DatabaseSync, change: RegistryChange): void {
  const drop = db.prepare('DELETE FROM clients WHERE app = ? AND provider = ?');
  for (const { app, provider } of change.removeClients ?? []) drop.run(app, provider);
  // Only its own row: OR REPLACE would also throw out the row of another app that a unique index points to.
  const put = db.prepare(`INSERT INTO clients VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (app, provider) DO UPDATE SET external_id = excluded.external_id, state = excluded.state,
    keys = excluded.keys, registration = excluded.registration`);
  for (const { app, provider, clientId, state, keys, registration } of change.putClients ?? []) {
    put.run(app, provider, clientId, state, JSON.stringify(keys), JSON.stringify(registration));
  }
}

/** Slots are left before they are taken, so that no two rows meet in a unique index on the way. */
function putKeys(db: DatabaseSync, change: RegistryChange): void {
  const drop = db.prepare('DELETE FROM keys WHERE kid = ?');
  for (const kid of change.removeKeys ?? []) drop.run(kid);
  const order = ['revoked', 'retiring', 'current', 'next'];
  const keys = (change.putKeys ?? []).toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const put = db.prepare(`INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (kid) DO UPDATE SET app = excluded.app, provider = excluded.provider, kind = excluded.kind,
    state = excluded.state, created_at = excluded.created_at, value = excluded.value, private_enc = excluded.private_enc`);
  for (const { sealedPrivate, ...key } of keys) {
    const { kid, app, provider, kind, state, createdAt } = key;
    put.run(kid, app, provider, kind, state, createdAt, JSON.stringify(key), sealedPrivate ?? null);
  }
}

function putIssuers(db: DatabaseSync, change: RegistryChange): void {
  const drop = db.prepare('DELETE FROM issuers WHERE name = ?');
  for (const name of change.removeIssuers ?? []) drop.run(name);
  const put = db.prepare('INSERT OR REPLACE INTO issuers VALUES (?, ?, ?)');
  for (const { name, state, settings } of change.putIssuers ?? []) put.run(name, state, JSON.stringify(settings));
}

function putDenials(db: DatabaseSync, { putDenials: added }: RegistryChange, at: number): void {
  if (added === undefined) return;
  db.prepare('DELETE FROM deny_list WHERE expires_at <= ?').run(at);
  const put = db.prepare('INSERT OR REPLACE INTO deny_list VALUES (?, ?, ?, ?)');
  for (const { hash, kind, notBefore, expiresAt } of added) put.run(hash, kind, notBefore, expiresAt);
}

function issuerOf(row: Row): IssuerRow {
  const state = row['state'] === 'disabled' ? 'disabled' : 'active';
  return { name: text(row, 'name'), state, settings: JSON.parse(text(row, 'settings')) };
}

const KINDS: readonly DenialKind[] = ['jti', 'sid', 'sub', 'client', 'kid'];

function denialOf(row: Row): Denial {
  const kind = KINDS.find((each) => each === row['kind']);
  if (kind === undefined) throw new Error('column kind holds no kind of denial');
  const [notBefore, expiresAt] = [Number(row['not_before']), Number(row['expires_at'])];
  return { kind, hash: text(row, 'hash'), notBefore, expiresAt };
}

function appOf(row: Row): App {
  const state = text(row, 'state');
  return {
    id: idOf(row, 'id'),
    uid: text(row, 'uid'),
    generation: Number(row['generation']),
    hash: text(row, 'hash'),
    state: state === 'disabled' || state === 'deleting' ? state : 'active',
    ...(row['source'] === null ? {} : { source: text(row, 'source') }),
    kind: text(row, 'kind'),
    spec: JSON.parse(text(row, 'spec')),
    ...(row['positions'] === null ? {} : { positions: JSON.parse(text(row, 'positions')) }),
  };
}

function clientOf(row: Row): Client {
  const state = text(row, 'state');
  const registration: Registration = JSON.parse(text(row, 'registration'));
  return {
    app: idOf(row, 'app'),
    provider: registration.provider,
    clientId: text(row, 'external_id'),
    state: state === 'pending' || state === 'disabled' ? state : 'ready',
    keys: JSON.parse(text(row, 'keys')),
    registration,
  };
}

function keyOf(row: Row): KeyRow {
  const key: KeyRow = JSON.parse(text(row, 'value'));
  const sealed = row['private_enc'];
  return sealed instanceof Uint8Array ? { ...key, sealedPrivate: Buffer.from(sealed) } : key;
}

function idOf(row: Row, column: string): AppId {
  const id = parseAppId(text(row, column));
  if (id === undefined) throw new Error(`column ${column} holds no app id`);
  return id;
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new Error(`column ${column} holds no text`);
  return value;
}
