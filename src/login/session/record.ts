/** The session as it lies in the store: encrypted under the data key that only the ticket holds. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
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
  const known = Object.keys(toJson({ ...record, others: {} }));
  const others = Object.fromEntries(Object.entries(value).filter(([name]) => !known.includes(name)));
  return { ...record, others };
}

function head(dataKey: Uint8Array): Buffer {
  const keyId = createHash('sha256').update(dataKey).digest().subarray(0, KEY_ID_BYTES);
  return Buffer.concat([Buffer.of(FORMAT), keyId]);
}

/** Encrypts a record; the store key is bound to it, so records cannot be swapped. */
export function sealRecord(record: SessionRecord, dataKey: Uint8Array, key: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const front = head(dataKey);
  const cipher = createCipheriv(CIPHER, dataKey, nonce);
  cipher.setAAD(Buffer.concat([front, Buffer.from(key)]));
  const body = cipher.update(JSON.stringify(toJson(record)), 'utf8');
  return Buffer.concat([front, nonce, body, cipher.final(), cipher.getAuthTag()]);
}

/** Opens a record. Undefined for any record that does not: other key, flipped bit, unreadable content. */
export function openRecord(value: Buffer, dataKey: Uint8Array, key: string): SessionRecord | undefined {
  if (value.length < HEAD_BYTES + NONCE_BYTES + TAG_BYTES) return undefined;
  const front = value.subarray(0, HEAD_BYTES);
  if (!front.equals(head(dataKey))) return undefined;
  try {
    const decipher = createDecipheriv(CIPHER, dataKey, value.subarray(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES));
    decipher.setAAD(Buffer.concat([front, Buffer.from(key)]));
    decipher.setAuthTag(value.subarray(-TAG_BYTES));
    const body = decipher.update(value.subarray(HEAD_BYTES + NONCE_BYTES, -TAG_BYTES));
    return fromJson(JSON.parse(Buffer.concat([body, decipher.final()]).toString('utf8')));
  } catch {
    return undefined;
  }
}
