import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { openSqliteStore } from './sqlite.ts';
import type { Store } from './store.ts';

const START = 1_800_000_000;

function temporaryFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-store-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'sessions.sqlite');
}

function opened(t: TestContext, file: string, now: () => number = () => START): Store {
  const store = openSqliteStore(file, { now });
  t.after(() => store.close());
  return store;
}

/** A sound file of some pages, closed. */
async function sound(t: TestContext): Promise<string> {
  const file = temporaryFile(t);
  const store = opened(t, file);
  await Promise.all(Array.from({ length: 200 }, (_, i) => store.put(`key ${i}`, Buffer.alloc(500, i), 60)));
  await store.close();
  return file;
}

function refused(file: string, what: RegExp): void {
  const before = readFileSync(file);
  assert.throws(
    () => openSqliteStore(file, { now: () => START }),
    (error: Error) => {
      assert.equal(error.name, 'StoreDamaged');
      assert.ok(error.message.includes(file), 'the message names the file');
      assert.match(error.message, what);
      return true;
    },
  );
  assert.ok(readFileSync(file).equals(before), 'the file is as it was');
}

describe('sqlite store file', () => {
  it('keeps records, marks, leases, indexes and its memory over a restart', async (t) => {
    const file = temporaryFile(t);
    const first = opened(t, file);
    await first.put('a', Buffer.from('kept'), 60);
    const version = (await first.read('a'))?.version;
    await first.once('jti', 60);
    await first.lease('l', 60);
    await first.addToIndex('i', 'm', 60);
    await first.close();

    const again = opened(t, file, () => START + 30);
    assert.deepEqual(await again.read('a'), { value: Buffer.from('kept'), version });
    assert.equal(await again.once('jti', 60), false);
    assert.equal(await again.lease('l', 60), undefined);
    assert.deepEqual(await again.members('i'), ['m']);
    assert.equal(again.rememberedSince(), START);
  });

  it('commits what was asked for before it was closed', async (t) => {
    const file = temporaryFile(t);
    const first = opened(t, file);
    const written = first.put('a', Buffer.from('x'), 60);
    await first.close();
    await written;
    assert.equal((await opened(t, file).read('a'))?.value.toString(), 'x');
  });

  it('is readable by its owner only, with the files beside it', async (t) => {
    const file = temporaryFile(t);
    await opened(t, file).put('a', Buffer.from('x'), 60);
    for (const name of readdirSync(join(file, '..'))) {
      assert.equal(statSync(join(file, '..', name)).mode & 0o777, 0o600, name);
    }
  });

  it('does not grow for ever: what has run out is cleared away', async (t) => {
    let time = START;
    const file = temporaryFile(t);
    const store = opened(t, file, () => time);
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(Array.from({ length: 500 }, (_, i) => store.once(`${round} ${i}`, 10)));
      await Promise.all(Array.from({ length: 500 }, (_, i) => store.addToIndex(`${round}`, `${i}`, 10)));
      time += 60;
    }
    await store.put('last', Buffer.from('x'), 60);
    await store.close();
    const database = new DatabaseSync(file, { readOnly: true });
    t.after(() => database.close());
    assert.deepEqual({ ...database.prepare('SELECT count(*) AS n FROM entries').get() }, { n: 1 });
    assert.deepEqual({ ...database.prepare('SELECT count(*) AS n FROM members').get() }, { n: 0 });
  });

  it('is rid of what has run out however fast it came', async (t) => {
    let time = START;
    const file = temporaryFile(t);
    const store = opened(t, file, () => time);
    await Promise.all(Array.from({ length: 5000 }, (_, i) => store.once(`${i}`, 10)));
    time += 60;
    for (let i = 0; i < 6; i += 1) await store.once(`later ${i}`, 10);
    const database = new DatabaseSync(file, { readOnly: true });
    t.after(() => database.close());
    assert.deepEqual({ ...database.prepare('SELECT count(*) AS n FROM entries').get() }, { n: 6 });
  });

  it('lets exactly one of several processes win each mark and lease', async (t) => {
    const file = temporaryFile(t);
    const script = `
      import { openSqliteStore } from ${JSON.stringify(import.meta.resolve('./sqlite.ts'))}
      const store = openSqliteStore(process.argv[1], { now: () => ${START} })
      // On a busy machine the file may be locked for longer than a writer waits; then nothing was written.
      const patiently = async (attempt, times = 100) => {
        try { return await attempt() } catch (error) {
          if (error.name !== 'StoreUnavailable' || times === 0) throw error
          return await patiently(attempt, times - 1)
        }
      }
      let won = 0
      for (let i = 0; i < 100; i += 1) {
        if (await patiently(() => store.once('jti ' + i, 60))) won += 1
        if ((await patiently(() => store.lease('lease ' + i, 60))) !== undefined) won += 1
      }
      await store.close()
      console.log(won)`;
    const counts = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script, file], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
        assert.equal(code, 0);
        return Number(said);
      }),
    );
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      200,
      `won by each: ${counts.join(' ')}`,
    );
  });
});

describe('sqlite store file that cannot be used', () => {
  it('is reported damaged when it is something else altogether', (t) => {
    const file = temporaryFile(t);
    writeFileSync(file, 'this is a letter, not a database. '.repeat(100));
    refused(file, /not a database/);
  });

  it('is reported damaged when its end is missing', async (t) => {
    const file = await sound(t);
    truncateSync(file, Math.floor(statSync(file).size / 2));
    refused(file, /damaged/);
  });

  it('is reported damaged when bytes in the middle were overwritten', async (t) => {
    const file = await sound(t);
    const content = readFileSync(file);
    content.fill(0xff, 8192, 8192 + 16_384);
    writeFileSync(file, content);
    refused(file, /damaged/);
  });

  it('is left as it was when it is damaged and its log was never written back', async (t) => {
    const living = await sound(t);
    await opened(t, living).put('in the log', Buffer.alloc(100_000), 60);
    const file = temporaryFile(t);
    const content = readFileSync(living);
    content.fill(0xff, 8192, 8192 + 16_384);
    writeFileSync(file, content);
    copyFileSync(`${living}-wal`, `${file}-wal`);
    refused(file, /damaged/);
    assert.ok(readFileSync(`${file}-wal`).equals(readFileSync(`${living}-wal`)), 'its log is as it was');
  });

  it("is refused when it is another program's database", (t) => {
    const file = temporaryFile(t);
    const database = new DatabaseSync(file);
    database.exec('CREATE TABLE people (name TEXT)');
    database.close();
    refused(file, /another program/);
  });

  it('is refused when a later format wrote it', async (t) => {
    const file = await sound(t);
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 2');
    database.close();
    refused(file, /newer version/);
  });

  it('says which file cannot be opened when the folder is missing or the path is a folder', (t) => {
    const missing = join(temporaryFile(t), 'no', 'such', 'folder.sqlite');
    for (const file of [missing, join(missing, '..', '..', '..', '..')]) {
      assert.throws(
        () => openSqliteStore(file, { now: () => START }),
        (error: Error) => error.name === 'StoreUnavailable' && error.message.includes(file),
      );
    }
  });

  it('answers that it is unavailable when it is damaged while in use', async (t) => {
    const file = await sound(t);
    const store = opened(t, file);
    const content = readFileSync(file);
    content.fill(0xff, 4096);
    writeFileSync(file, content);
    const results = await Promise.allSettled(Array.from({ length: 200 }, (_, i) => store.read(`key ${i}`)));
    const refusals = results.filter((result) => result.status === 'rejected');
    assert.ok(refusals.length > 0);
    for (const { reason } of refusals) assert.equal(reason.name, 'StoreUnavailable');
  });

  it('fails every write of a turn together, and works again afterwards', async (t) => {
    const file = temporaryFile(t);
    const store = opened(t, file);
    const blocker = new DatabaseSync(file);
    t.after(() => blocker.close());
    blocker.exec('BEGIN IMMEDIATE');
    const results = await Promise.allSettled([store.once('a', 60), store.put('b', Buffer.from('x'), 60)]);
    for (const result of results) {
      assert.equal(result.status, 'rejected');
      assert.equal(result.status === 'rejected' && result.reason.name, 'StoreUnavailable');
    }
    blocker.exec('ROLLBACK');
    assert.equal(await store.once('a', 60), true);
    assert.equal(await store.read('b'), undefined);
  });
});
