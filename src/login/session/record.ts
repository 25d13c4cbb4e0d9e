/** The session as it lies in the store: encrypted under the data key that only the ticket holds. */
import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import type { SessionTimes } from './times.ts';

const FORMAT = 0x01;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES;
const CIPHER = 'aes-256-gcm';

/** What a session consists of. */
export interface SessionRecord {
  readonly issuer: string;
  readonly clientId: string;
  readonly provider: string;
  readonly subject: string;
  readonly sid: string | undefined;
  readonly acr: string | undefined;
  readonly amr: readonly string[];
  /** Seconds since the epoch. */
  readonly authTime: number | undefined;
  readonly accessToken: string;
  readonly idToken: string;
  readonly refreshToken: string | undefined;
  readonly times: SessionTimes;
  /** Members another version wrote; kept on rewrite. */
  readonly others: Readonly<Record<string, unknown>>;
}

function toJson(record: SessionRecord): Record<string, unknown> {
  return {
    ...record.others,
    issuer: record.issuer,
    client_id: record.clientId,
    provider: record.provider,
    sub: record.subject,
    sid: record.sid,
    acr: record.acr,
    amr: record.amr,
    auth_time: record.authTime,
    access_token: record.accessToken,
    id_token: record.idToken,
    refresh_token: record.refreshToken,
    created_at: record.times.createdAt,
    ends_at: record.times.endsAt,
    timeout_at: record.times.timeoutAt,
    expire_at: record.times.expireAt,
    refreshed_at: record.times.refreshedAt,
  };
}

const MEMBERS: ReadonlySet<string> = new Set([
  'issuer',
  'client_id',
  'provider',
  'sub',
  'sid',
  'acr',
  'amr',
  'auth_time',
  'access_token',
  'id_token',
  'refresh_token',
  'created_at',
  'ends_at',
  'timeout_at',
  'expire_at',
  'refreshed_at',
]);

type Members = Readonly<Record<string, unknown>>;

function text(members: Members, name: string): string {
  const value = members[name];
  if (typeof value !== 'string') throw new Error(`record has no ${name}`);
  return value;
}

function optionalText(members: Members, name: string): string | undefined {
  return members[name] === undefined ? undefined : text(members, name);
}

function time(members: Members, name: string): number {
  const value = members[name];
  if (typeof value !== 'number') throw new Error(`record has no ${name}`);
  return value;
}

function optionalTime(members: Members, name: string): number | undefined {
  return members[name] === undefined ? undefined : time(members, name);
}

function isMembers(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fromJson(value: unknown): SessionRecord {
  if (!isMembers(value)) throw new Error('record is not an object');
  const { amr } = value;
  const record: Omit<SessionRecord, 'others'> = {
    issuer: text(value, 'issuer'),
    clientId: text(value, 'client_id'),
    provider: text(value, 'provider'),
    subject: text(value, 'sub'),
    sid: optionalText(value, 'sid'),
    acr: optionalText(value, 'acr'),
    amr: Array.isArray(amr) ? amr.filter((one): one is string => typeof one === 'string') : [],
    authTime: optionalTime(value, 'auth_time'),
    accessToken: text(value, 'access_token'),
    idToken: text(value, 'id_token'),
    refreshToken: optionalText(value, 'refresh_token'),
    times: {
      createdAt: time(value, 'created_at'),
      endsAt: time(value, 'ends_at'),
      timeoutAt: optionalTime(value, 'timeout_at'),
      expireAt: time(value, 'expire_at'),
      refreshedAt: time(value, 'refreshed_at'),
    },
  };
  return { ...record, others: othersOf(value) };
}

const NO_OTHERS: Readonly<Record<string, unknown>> = {};

function othersOf(members: Members): Readonly<Record<string, unknown>> {
  const others = Object.keys(members).filter((name) => !MEMBERS.has(name));
  return others.length === 0 ? NO_OTHERS : Object.fromEntries(others.map((name) => [name, members[name]]));
}

function keyId(dataKey: Uint8Array): Buffer {
  return hash('sha256', dataKey, 'buffer').subarray(0, KEY_ID_BYTES);
}

/** What is authenticated besides the record: format, key and place. */
function boundTo(front: Uint8Array, key: string): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + Buffer.byteLength(key));
  bytes.set(front);
  bytes.write(key, HEAD_BYTES);
  return bytes;
}

/** Encrypts a record; the store key is bound to it, so records cannot be swapped. */
export function sealRecord(record: SessionRecord, dataKey: Uint8Array, key: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const front = Buffer.concat([Buffer.of(FORMAT), keyId(dataKey)]);
  const cipher = createCipheriv(CIPHER, dataKey, nonce);
  cipher.setAAD(boundTo(front, key));
  const body = cipher.update(JSON.stringify(toJson(record)), 'utf8');
  return Buffer.concat([front, nonce, body, cipher.final(), cipher.getAuthTag()]);
}

function decrypted(value: Buffer, dataKey: Uint8Array, key: string): string {
  const front = value.subarray(0, HEAD_BYTES);
  const nonce = value.subarray(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, dataKey, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(front, key));
  decipher.setAuthTag(value.subarray(-TAG_BYTES));
  const body = decipher.update(value.subarray(HEAD_BYTES + NONCE_BYTES, -TAG_BYTES));
  // Of GCM nothing is left at the end; what is done here is the check of the tag.
  decipher.final();
  return body.toString('utf8');
}

/** Opens a record. Undefined for any record that does not: other key, flipped bit, unreadable content. */
export function openRecord(value: Buffer, dataKey: Uint8Array, key: string): SessionRecord | undefined {
  if (value.length < HEAD_BYTES + NONCE_BYTES + TAG_BYTES || value[0] !== FORMAT) return undefined;
  if (!keyId(dataKey).equals(value.subarray(1, HEAD_BYTES))) return undefined;
  try {
    return fromJson(JSON.parse(decrypted(value, dataKey, key)));
  } catch {
    return undefined;
  }
}
