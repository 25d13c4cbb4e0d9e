import { parseAppId } from './app-id.ts';
import type { AppId } from './app-id.ts';
import type { AuditRow } from './contract.ts';
import type { SqlRow } from './database.ts';
import type { Denial, DenialKind } from './denial.ts';
import type { IssuerRow } from './issuer-row.ts';
import type { KeyRow } from './key-row.ts';
import type { App, Client, Registration } from './model.ts';

const KINDS: readonly DenialKind[] = ['jti', 'sid', 'sub', 'client', 'kid'];

/** An app from its row. All of these throw for a row that makes no sense. */
export function appOf(row: SqlRow): App {
  const state = textOf(row, 'state');
  return {
    id: idOf(row, 'id'),
    uid: textOf(row, 'uid'),
    generation: Number(row['generation']),
    hash: textOf(row, 'hash'),
    state: state === 'disabled' || state === 'deleting' ? state : 'active',
    ...(row['source'] === null ? {} : { source: textOf(row, 'source') }),
    kind: textOf(row, 'kind'),
    spec: JSON.parse(textOf(row, 'spec')),
    ...(row['positions'] === null ? {} : { positions: JSON.parse(textOf(row, 'positions')) }),
  };
}

/** A client from its row. */
export function clientOf(row: SqlRow): Client {
  const state = textOf(row, 'state');
  const registration: Registration = JSON.parse(textOf(row, 'registration'));
  return {
    app: idOf(row, 'app'),
    provider: registration.provider,
    clientId: textOf(row, 'external_id'),
    state: state === 'pending' || state === 'disabled' ? state : 'ready',
    keys: JSON.parse(textOf(row, 'keys')),
    registration,
  };
}

/** A client's key from its row. */
export function keyOf(row: SqlRow): KeyRow {
  const key: KeyRow = JSON.parse(textOf(row, 'value'));
  const sealed = row['private_enc'];
  return sealed instanceof Uint8Array ? { ...key, sealedPrivate: Buffer.from(sealed) } : key;
}

/** A trusted issuer from its row. */
export function issuerOf(row: SqlRow): IssuerRow {
  const state = row['state'] === 'disabled' ? 'disabled' : 'active';
  return { name: textOf(row, 'name'), state, settings: JSON.parse(textOf(row, 'settings')) };
}

/** A denial from its row. */
export function denialOf(row: SqlRow): Denial {
  const kind = KINDS.find((each) => each === row['kind']);
  if (kind === undefined) throw new Error('column kind holds no kind of denial');
  const [notBefore, expiresAt] = [Number(row['not_before']), Number(row['expires_at'])];
  return { kind, hash: textOf(row, 'hash'), notBefore, expiresAt };
}

/** What was remembered of a change, from its row. */
export function auditOf(row: SqlRow): AuditRow {
  const app = parseAppId(String(row['app']));
  const detail = row['detail'];
  return {
    seq: Number(row['seq']),
    at: Number(row['at']),
    actor: textOf(row, 'actor'),
    action: textOf(row, 'action'),
    ...(app === undefined ? {} : { app }),
    ...(typeof detail === 'string' ? { detail: JSON.parse(detail) } : {}),
  };
}

/** An app id from a column. */
export function idOf(row: SqlRow, column: string): AppId {
  const id = parseAppId(textOf(row, column));
  if (id === undefined) throw new Error(`column ${column} holds no app id`);
  return id;
}

/** Text from a column. */
export function textOf(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new Error(`column ${column} holds no text`);
  return value;
}
