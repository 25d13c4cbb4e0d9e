import type { RegistryChange } from './contract.ts';
import { dropRows, putRows } from './database.ts';
import type { Sql } from './database.ts';

/** Where the rows of an app are. */
const OF_APP = [
  { table: 'apps', column: 'id' },
  { table: 'clients', column: 'app' },
  { table: 'grants', column: 'target' },
  { table: 'scopes', column: 'owner' },
  { table: 'keys', column: 'app' },
];

/** Writes a change. Call it inside a transaction. `at` is seconds since the epoch. Every column is named, so that a later version may add some. */
export async function writeChange(sql: Sql, change: RegistryChange, at: number): Promise<void> {
  for (const from of OF_APP) await dropRows(sql, from, change.removeApps ?? []);
  await putApps(sql, change, at);
  await putClients(sql, change);
  await putGrants(sql, change);
  await putScopes(sql, change);
  await putKeys(sql, change);
  await putIssuers(sql, change);
  await putDenials(sql, change, at);
  if (change.wildcardGrants !== undefined) {
    await putRows(sql, { name: 'meta', key: ['name'] }, [{ name: 'wildcardGrants', value: change.wildcardGrants }]);
  }
  for (const { actor, action, app, detail } of change.audit ?? []) {
    const values = [at, actor, action, app ?? null, detail === undefined ? null : JSON.stringify(detail)];
    await sql('INSERT INTO audit (at, actor, action, app, detail) VALUES ($1, $2, $3, $4, $5)', ...values);
  }
}

async function putApps(sql: Sql, { putApps: apps = [] }: RegistryChange, at: number): Promise<void> {
  const rows = apps.map(({ spec, positions, source, id, uid, generation, hash, state, kind }) => ({
    id,
    uid,
    generation,
    hash,
    state,
    kind,
    spec: JSON.stringify(spec),
    positions: positions === undefined ? null : JSON.stringify(positions),
    created_at: at,
    updated_at: at,
    source: source ?? null,
  }));
  await putRows(sql, { name: 'apps', key: ['id'], kept: ['created_at'] }, rows);
}

async function putClients(sql: Sql, { removeClients = [], putClients: clients = [] }: RegistryChange): Promise<void> {
  for (const { app, provider } of removeClients) {
    await sql('DELETE FROM clients WHERE app = $1 AND provider = $2', app, provider);
  }
  const rows = clients.map(({ app, provider, clientId, state, keys, registration }) => ({
    app,
    provider,
    external_id: clientId,
    state,
    keys: JSON.stringify(keys),
    registration: JSON.stringify(registration),
  }));
  // Only its own row: a client id that is another app's is refused by the unique index.
  await putRows(sql, { name: 'clients', key: ['app', 'provider'] }, rows);
}

async function putGrants(sql: Sql, { replaceGrants = [] }: RegistryChange): Promise<void> {
  const lists = new Map(replaceGrants.map(({ target, grants }) => [target, grants]));
  await dropRows(sql, { table: 'grants', column: 'target' }, [...lists.keys()]);
  const rows = [...lists].flatMap(([target, grants]) =>
    grants.map((grant, place) => ({ target, place, value: JSON.stringify(grant) })),
  );
  await putRows(sql, { name: 'grants', key: ['target', 'place'] }, rows);
}

/** All go before any comes: a name may pass from one owner to another. */
async function putScopes(sql: Sql, { replaceScopes = [] }: RegistryChange): Promise<void> {
  await dropRows(
    sql,
    { table: 'scopes', column: 'owner' },
    replaceScopes.map(({ owner }) => owner),
  );
  for (const { owner, scopes } of replaceScopes) {
    for (const scope of scopes) {
      await sql(
        'INSERT INTO scopes (name, owner, value) VALUES ($1, $2, $3)',
        scope.name,
        owner,
        JSON.stringify(scope),
      );
    }
  }
}

/** Slots are left before they are taken, so that no two rows meet in a unique index on the way. */
async function putKeys(sql: Sql, { removeKeys = [], putKeys: keys = [] }: RegistryChange): Promise<void> {
  await dropRows(sql, { table: 'keys', column: 'kid' }, removeKeys);
  const last = new Map(keys.map((key) => [key.kid, key]));
  for (const state of ['revoked', 'retiring', 'current', 'next']) {
    const rows = [...last.values()]
      .filter((key) => key.state === state)
      .map(({ sealedPrivate, ...key }) => ({
        kid: key.kid,
        app: key.app,
        provider: key.provider,
        kind: key.kind,
        state,
        created_at: key.createdAt,
        value: JSON.stringify(key),
        private_enc: sealedPrivate ?? null,
      }));
    await putRows(sql, { name: 'keys', key: ['kid'] }, rows);
  }
}

async function putIssuers(sql: Sql, { removeIssuers = [], putIssuers: issuers = [] }: RegistryChange): Promise<void> {
  await dropRows(sql, { table: 'issuers', column: 'name' }, removeIssuers);
  const rows = issuers.map(({ name, state, settings }) => ({ name, state, settings: JSON.stringify(settings) }));
  await putRows(sql, { name: 'issuers', key: ['name'] }, rows);
}

async function putDenials(sql: Sql, { putDenials: denials }: RegistryChange, at: number): Promise<void> {
  if (denials === undefined) return;
  await sql('DELETE FROM deny_list WHERE expires_at <= $1', at);
  const rows = denials.map(({ hash, kind, notBefore, expiresAt }) => ({
    hash,
    kind,
    not_before: notBefore,
    expires_at: expiresAt,
  }));
  await putRows(sql, { name: 'deny_list', key: ['hash'] }, rows);
}
