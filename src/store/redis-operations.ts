import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { StoreUnavailable } from './errors.ts';
import { checkTtl, checkValue, writeCheck } from './limits.ts';
import { ADD_MEMBER, MEMBERS, RELEASE, RENEW, UPDATE } from './redis-scripts.ts';
import type { RedisScript } from './redis-scripts.ts';
import type { Words } from './redis-node.ts';
import type { Store } from './store.ts';
import { newVersion } from './version.ts';

/** What every operation of the Redis store works on. Rejections are StoreUnavailable. */
export interface RedisContext {
  /** Before every key, so that the server may be shared. */
  readonly prefix: string;
  readonly run: (key: string | undefined, words: Words) => Promise<unknown>;
  readonly evaluate: (script: RedisScript, key: string, args: Words) => Promise<unknown>;
  /** Throws for a closed store and for a key over the limits. */
  readonly check: (key: string) => void;
}

const VERSION_BYTES = 6;
const GIVE_BACK_MS = 250;
/** Ends later than this overflow the server's arithmetic: 1000 years. */
const LONGEST_MS: number = 1000 * 365 * 86_400_000;

/** The operations on records: a record is its version, then its bytes, so that reading is one plain GET. */
export function records({
  prefix,
  run,
  evaluate,
  check,
}: RedisContext): Pick<Store, 'read' | 'create' | 'update' | 'put' | 'delete' | 'take'> {
  const checkWrite = writeCheck(check);

  return {
    async read(key) {
      check(key);
      const name = `${prefix}record:${key}`;
      const bytes = bytesOf(await run(name, ['GET', name]));
      return bytes && { value: bytes.subarray(VERSION_BYTES), version: bytes.readUIntBE(0, VERSION_BYTES) };
    },
    async create(key, value, ttlSeconds) {
      checkWrite(key, value, ttlSeconds);
      const name = `${prefix}record:${key}`;
      return (await run(name, ['SET', name, newRecord(value), 'NX', 'PX', milliseconds(ttlSeconds)])) !== null;
    },
    async update(key, expectedVersion, value) {
      check(key);
      checkValue(value);
      const result = await evaluate(UPDATE, `${prefix}record:${key}`, [
        versionBytes(expectedVersion),
        newRecord(value),
      ]);
      const told = String(result);
      if (told === 'ok' || told === 'gone' || told === 'conflict') return told;
      throw new StoreUnavailable('the server gave an answer that is none');
    },
    async put(key, value, ttlSeconds) {
      checkWrite(key, value, ttlSeconds);
      const name = `${prefix}record:${key}`;
      await run(name, ['SET', name, newRecord(value), 'PX', milliseconds(ttlSeconds)]);
    },
    async delete(key) {
      check(key);
      const name = `${prefix}record:${key}`;
      return (await run(name, ['DEL', name])) === 1;
    },
    async take(key) {
      check(key);
      const name = `${prefix}record:${key}`;
      return bytesOf(await run(name, ['GETDEL', name]))?.subarray(VERSION_BYTES);
    },
  };
}

/** The operations that exactly one of many callers wins. */
export function claims({ prefix, run, evaluate, check }: RedisContext): Pick<Store, 'once' | 'lease'> {
  const claim = async (name: string, value: string, ttlSeconds: number): Promise<boolean> => {
    checkTtl(ttlSeconds);
    return (await run(name, ['SET', name, value, 'NX', 'PX', milliseconds(ttlSeconds)])) !== null;
  };

  return {
    async once(key, ttlSeconds) {
      check(key);
      return claim(`${prefix}once:${key}`, '', ttlSeconds);
    },
    async lease(key, ttlSeconds) {
      check(key);
      const name = `${prefix}lease:${key}`;
      const token = randomUUID();
      const release = (): Promise<unknown> => evaluate(RELEASE, name, [token]);
      try {
        if (!(await claim(name, token, ttlSeconds))) return undefined;
      } catch (error) {
        // The claim may be in force all the same, and nobody would know that it is theirs.
        void giveBack(release, ttlSeconds);
        throw error;
      }
      return {
        async renew() {
          check(key);
          return (await evaluate(RENEW, name, [token, milliseconds(ttlSeconds)])) === 1;
        },
        async release() {
          check(key);
          await release();
        },
      };
    },
  };
}

/** Tries until it is done, or would be done by itself. */
async function giveBack(release: () => Promise<unknown>, ttlSeconds: number): Promise<void> {
  const end = performance.now() + ttlSeconds * 1000;
  while (performance.now() < end) {
    await wait(GIVE_BACK_MS, undefined, { ref: false });
    const done = await release().then(
      () => true,
      () => false,
    );
    if (done) return;
  }
}

/** The operations on index sets. */
export function indexes({
  prefix,
  run,
  evaluate,
  check,
}: RedisContext): Pick<Store, 'addToIndex' | 'removeFromIndex' | 'members'> {
  return {
    async addToIndex(index, member, ttlSeconds) {
      check(index);
      check(member);
      checkTtl(ttlSeconds);
      await evaluate(ADD_MEMBER, `${prefix}index:${index}`, [member, milliseconds(ttlSeconds)]);
    },
    async removeFromIndex(index, member) {
      check(index);
      check(member);
      const name = `${prefix}index:${index}`;
      await run(name, ['ZREM', name, member]);
    },
    async members(index) {
      check(index);
      const reply = await evaluate(MEMBERS, `${prefix}index:${index}`, []);
      return Array.isArray(reply) ? reply.map(String) : [];
    },
  };
}

/** Never less than was asked for. */
function milliseconds(seconds: number): string {
  return String(Math.min(Math.ceil(seconds * 1000), LONGEST_MS));
}

/** Throws StoreUnavailable for what this program never wrote there. */
function bytesOf(reply: unknown): Buffer | undefined {
  if (reply === null) return undefined;
  if (Buffer.isBuffer(reply) && reply.length >= VERSION_BYTES) return reply;
  throw new StoreUnavailable('the server holds something else under the key of a record');
}

/** A version no record has, for one that is no version at all: then nothing can match it. */
function versionBytes(version: number): Buffer {
  const bytes = Buffer.alloc(VERSION_BYTES);
  if (Number.isSafeInteger(version) && version > 0 && version < 2 ** 48) bytes.writeUIntBE(version, 0, VERSION_BYTES);
  return bytes;
}

function newRecord(value: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(VERSION_BYTES + value.byteLength);
  record.writeUIntBE(newVersion(), 0, VERSION_BYTES);
  record.set(value, VERSION_BYTES);
  return record;
}
