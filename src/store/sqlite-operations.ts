import { randomUUID } from 'node:crypto';
import { checkTtl, checkValue, writeCheck } from './limits.ts';
import type { Connection, Row } from './sqlite-connection.ts';
import type { Store } from './store.ts';
import { newVersion } from './version.ts';

const EMPTY = new Uint8Array(0);

/** Writes a row unless a live one is there: one statement, so that of many processes one wins. Gives the row if it was written. */
const CLAIM = `INSERT INTO entries (key, value, version, expires_at) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at
  WHERE entries.expires_at <= ?5 RETURNING 1`;

/** The operations on records. */
export function records(connection: Connection): Pick<Store, 'read' | 'create' | 'update' | 'put' | 'delete' | 'take'> {
  const { now, check, prepare, write } = connection;
  const select = prepare('SELECT value, version FROM entries WHERE key = ? AND expires_at > ?');
  const claim = prepare(CLAIM);
  const replace = prepare(
    'UPDATE entries SET value = ?, version = ? WHERE key = ? AND version = ? AND expires_at > ? RETURNING 1',
  );
  const upsert = prepare('INSERT OR REPLACE INTO entries (key, value, version, expires_at) VALUES (?, ?, ?, ?)');
  const remove = prepare('DELETE FROM entries WHERE key = ? RETURNING value, expires_at > ? AS live');
  const checkWrite = writeCheck(check);

  return {
    async read(key) {
      check(key);
      const row = connection.read(() => select(`record ${key}`, now()));
      return row && { value: bytesOf(row), version: Number(row['version']) };
    },
    async create(key, value, ttlSeconds) {
      checkWrite(key, value, ttlSeconds);
      return write(() => claim(`record ${key}`, value, newVersion(), now() + ttlSeconds, now()) !== undefined);
    },
    async update(key, expectedVersion, value) {
      check(key);
      checkValue(value);
      return write(() => {
        if (replace(value, newVersion(), `record ${key}`, expectedVersion, now()) !== undefined) return 'ok';
        return select(`record ${key}`, now()) !== undefined ? 'conflict' : 'gone';
      });
    },
    async put(key, value, ttlSeconds) {
      checkWrite(key, value, ttlSeconds);
      await write(() => upsert(`record ${key}`, value, newVersion(), now() + ttlSeconds));
    },
    async delete(key) {
      check(key);
      return write(() => remove(`record ${key}`, now())?.['live'] === 1);
    },
    async take(key) {
      check(key);
      const row = await write(() => remove(`record ${key}`, now()));
      return row?.['live'] === 1 ? bytesOf(row) : undefined;
    },
  };
}

/** The operations that exactly one of many callers wins. */
export function claims({ now, check, prepare, write }: Connection): Pick<Store, 'once' | 'lease'> {
  const claim = prepare(CLAIM);
  const extend = prepare(
    'UPDATE entries SET expires_at = ? WHERE key = ? AND value = ? AND expires_at > ? RETURNING 1',
  );
  const free = prepare('DELETE FROM entries WHERE key = ? AND value = ?');

  return {
    async once(key, ttlSeconds) {
      check(key);
      checkTtl(ttlSeconds);
      return write(() => claim(`once ${key}`, EMPTY, 0, now() + ttlSeconds, now()) !== undefined);
    },
    async lease(key, ttlSeconds) {
      check(key);
      checkTtl(ttlSeconds);
      const token = Buffer.from(randomUUID());
      const won = await write(() => claim(`lease ${key}`, token, 0, now() + ttlSeconds, now()) !== undefined);
      if (!won) return undefined;
      return {
        async renew() {
          check(key);
          return write(() => extend(now() + ttlSeconds, `lease ${key}`, token, now()) !== undefined);
        },
        async release() {
          check(key);
          await write(() => free(`lease ${key}`, token));
        },
      };
    },
  };
}

/** The operations on index sets. */
export function indexes(connection: Connection): Pick<Store, 'addToIndex' | 'removeFromIndex' | 'members'> {
  const { now, check, prepare, prepareAll, write } = connection;
  const add = prepare(`INSERT INTO members (name, member, expires_at) VALUES (?, ?, ?)
    ON CONFLICT (name, member) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)`);
  const remove = prepare('DELETE FROM members WHERE name = ? AND member = ?');
  const list = prepareAll('SELECT member FROM members WHERE name = ? AND expires_at > ?');

  return {
    async addToIndex(index, member, ttlSeconds) {
      check(index);
      check(member);
      checkTtl(ttlSeconds);
      await write(() => add(index, member, now() + ttlSeconds));
    },
    async removeFromIndex(index, member) {
      check(index);
      check(member);
      await write(() => remove(index, member));
    },
    async members(index) {
      check(index);
      return connection.read(() => list(index, now()).map((row) => String(row['member'])));
    },
  };
}

function bytesOf(row: Row): Buffer {
  const value = row['value'];
  if (!(value instanceof Uint8Array)) throw new TypeError('a store value is not bytes');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
