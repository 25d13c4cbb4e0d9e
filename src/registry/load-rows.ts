import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AppId } from './app-id.ts';
import { appOf, clientOf, denialOf, idOf, issuerOf, textOf } from './columns.ts';
import type { RegistryChange } from './contract.ts';
import type { Sql, SqlRow, SqlValue } from './database.ts';
import { createGrantReader } from './grant-reader.ts';
import type { Grant, MaskinportenScope } from './model.ts';
import { changedRows, emptyRows } from './rows.ts';
import type { Rows } from './rows.ts';

/** So many rows are read and parsed before whoever waits has a turn. */
const PART_ROWS = 2000;

/** The rows with the mark of the change that made them last; a version without one was made before there were changes. */
export interface Loaded {
  readonly rows: Rows;
  readonly stamp: string | undefined;
}

/** Every row there is, in one view. */
export async function loadRows(sql: Sql): Promise<Loaded> {
  const meta = new Map((await sql('SELECT name, value FROM meta')).map(({ name, value }) => [name, String(value)]));
  const version = Number(meta.get('generation'));
  if (!Number.isSafeInteger(version)) throw new Error('the table meta holds no generation');
  const [last] = await sql('SELECT stamp FROM changes WHERE generation = $1', version);
  let rows = emptyRows();
  const add = (change: RegistryChange): void => {
    rows = changedRows(rows, change, { version, at: 0 });
  };
  await eachPart(sql, { table: 'apps', key: ['id'] }, (part) => add({ putApps: part.map(appOf) }));
  await eachPart(sql, { table: 'clients', key: ['app', 'provider'] }, (part) =>
    add({ putClients: part.map(clientOf) }),
  );
  await loadGrants(sql, rows, add);
  const scopes = (await sql('SELECT value FROM scopes ORDER BY name')).map(
    (row): MaskinportenScope => JSON.parse(textOf(row, 'value')),
  );
  const owned = [...Map.groupBy(scopes, ({ owner }) => owner)];
  add({
    replaceScopes: owned.map(([owner, list]) => ({ owner, scopes: list })),
    putIssuers: (await sql('SELECT * FROM issuers ORDER BY name')).map(issuerOf),
    wildcardGrants: meta.get('wildcardGrants') === 'tokens' ? 'tokens' : 'network-only',
  });
  await eachPart(sql, { table: 'deny_list', key: ['hash'] }, (part) => add({ putDenials: part.map(denialOf) }));
  return { rows, stamp: last === undefined ? undefined : textOf(last, 'stamp') };
}

/** A target's grants may begin in one part and end in the next. */
async function loadGrants(sql: Sql, { apps }: Rows, add: (change: RegistryChange) => void): Promise<void> {
  const read = createGrantReader(apps);
  let open: { readonly target: AppId; readonly grants: Grant[] } | undefined;
  await eachPart(sql, { table: 'grants', key: ['target', 'place'] }, (part) => {
    const lists: { readonly target: AppId; readonly grants: Grant[] }[] = [];
    for (const row of part) {
      if (row['target'] !== open?.target) {
        if (open !== undefined) lists.push(open);
        open = { target: idOf(row, 'target'), grants: [] };
      }
      open?.grants.push(read(textOf(row, 'value')));
    }
    add({ replaceGrants: lists });
  });
  if (open !== undefined) add({ replaceGrants: [open] });
}

/** Goes through a table in the order of its key. */
async function eachPart(
  sql: Sql,
  { table, key }: { readonly table: string; readonly key: readonly string[] },
  use: (rows: readonly SqlRow[]) => void,
): Promise<void> {
  const order = key.join(', ');
  const places = key.map((_, place) => `$${place + 1}`).join(', ');
  let after: readonly SqlValue[] | undefined;
  for (;;) {
    const where = after === undefined ? '' : `WHERE (${order}) > (${places})`;
    const part = await sql(`SELECT * FROM ${table} ${where} ORDER BY ${order} LIMIT ${PART_ROWS}`, ...(after ?? []));
    use(part);
    const last = part.at(-1);
    if (last === undefined || part.length < PART_ROWS) return;
    after = key.map((column) => (column === 'place' ? Number(last[column]) : textOf(last, column)));
    await nextTurn();
  }
}
