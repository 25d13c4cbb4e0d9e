import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createMemoryStore } from '../../src/store/memory.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
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

function temporaryFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-store-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'sessions.sqlite');
}
