import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { createMemoryStore } from '../../src/store/memory.ts';
import { openRedisStore } from '../../src/store/redis.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { noRedis, startRedis } from '../servers/redis.ts';
import { age } from './redis-age.ts';
import { untilReady } from './redis-ready.ts';
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
    await Promise.all([untilReady(store), untilReady(other)]);
    return { store, other, advance: (seconds) => age(url, prefix, seconds) };
  },
  noRedis,
);

function temporaryFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-store-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'sessions.sqlite');
}
