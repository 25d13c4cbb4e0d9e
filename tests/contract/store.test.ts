import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'redis';
import { createMemoryStore } from '../../src/store/memory.ts';
import { openRedisStore } from '../../src/store/redis.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { storeContract } from './store.ts';

const START = 1_800_000_000;

storeContract('memory', (t) => {
  let time = START;
  const store = createMemoryStore({ now: () => time });
  t.after(() => store.close());
  return { store, other: store, advance: (seconds) => void (time += seconds) };
});

storeContract('sqlite', (t) => {
  let time = START;
  const file = temporaryFile(t);
  const store = openSqliteStore(file, { now: () => time });
  const other = openSqliteStore(file, { now: () => time });
  t.after(() => Promise.all([store.close(), other.close()]));
  return { store, other, advance: (seconds) => void (time += seconds) };
});

const redis = noRedis === false ? await startRedis() : undefined;
after(() => redis?.close());

storeContract(
  'redis',
  async (t) => {
    const url = redis?.url ?? '';
    const prefix = `test ${randomUUID()}:`;
    const [store, other] = [openRedisStore(url, { prefix }), openRedisStore(url, { prefix })];
    t.after(() => Promise.all([store.close(), other.close()]));
    await Promise.all([store.now(), other.now()]);
    await until(() => Number.isFinite(store.rememberedSince()));
    return { store, other, advance: (seconds) => age(url, prefix, seconds) };
  },
  noRedis,
);

/** The server's clock cannot be moved, so everything under the prefix is made older instead. */
const AGE = `for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  if redis.call('TYPE', key).ok == 'zset' then
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do redis.call('ZINCRBY', key, -ARGV[2], member) end
  end
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[2]) end
end`;

async function age(url: string, prefix: string, seconds: number): Promise<void> {
  const client = createClient({ url });
  await client.connect();
  await client.eval(AGE, { arguments: [prefix, String(seconds * 1000)] });
  await client.close();
}

async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns += 1) {
    assert.ok(turns < 400, 'within two seconds');
    await pause(5);
  }
}

function temporaryFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-store-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'sessions.sqlite');
}
