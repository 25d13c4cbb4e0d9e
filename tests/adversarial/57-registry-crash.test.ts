import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSqliteRegistry } from '../../src/registry/registry.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { contentOf } from '../contract/registry-shared.ts';
import { noPostgres, startPostgres } from '../servers/postgres.ts';
import { firstState, secondState } from './57-states.ts';
import { commitTo, reachRegistry } from '../servers/reach-registry.ts';

const WRITER = fileURLToPath(new URL('57-writer.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'fullmakt-crash-'));
const server = noPostgres === false ? await startPostgres() : undefined;
after(async () => {
  rmSync(folder, { recursive: true });
  await server?.close();
});
const now = (): number => Date.now() / 1000;
const sqlite = (file: string): Promise<Registry> => openSqliteRegistry(file, { now });
const postgres = (url: string): Promise<Registry> => reachRegistry(url, { now });
let files = 0;

test('T57 a writer killed before any statement leaves all of the old rows or all of the new ones (sqlite)', async () => {
  await diesEverywhere(() => join(folder, `${++files}.sqlite`), sqlite);
});

test('T57 a writer killed before any statement leaves all of the old rows or all of the new ones (postgres)', {
  skip: noPostgres,
}, async () => {
  assert.ok(server !== undefined);
  await diesEverywhere(() => server.database(), postgres);
});

test('T57 eight processes that find an empty database make its tables once and all begin (postgres)', {
  skip: noPostgres,
}, async () => {
  assert.ok(server !== undefined);
  const url = await server.database();
  const ends = await Promise.all(Array.from({ length: 8 }, () => write(url, 0)));
  assert.deepEqual(
    ends.map(({ signal, code }) => signal ?? code),
    Array.from({ length: 8 }, () => 0),
  );
  const registry = await postgres(url);
  assert.ok(registry.snapshot().version >= 2);
  await registry.close();
});

async function diesEverywhere(
  place: () => string | Promise<string>,
  open: (place: string) => Promise<Registry>,
): Promise<void> {
  const where = await place();
  const registry = await open(where);
  await commitTo(registry, 0, firstState());
  const old = await everything(registry);
  await registry.close();
  // A change that was not made may be made again, so that one place serves for every statement.
  let statement = 1;
  for (; ; statement++) {
    const { signal, said } = await write(where, statement);
    const found = await open(where);
    const rows = await everything(found);
    if (signal === null) {
      assert.equal(Number(said), statement - 1, 'it was killed before each statement there is');
      assert.equal(found.snapshot().version, 2);
      assert.notDeepEqual(rows, old);
      await found.close();
      break;
    }
    assert.deepEqual(rows, old, `killed before statement ${statement}`);
    await found.close();
  }
  assert.ok(statement > 10);
  await sameAsInOneGo(where, { place, open });
}

async function sameAsInOneGo(
  where: string,
  { place, open }: { place: () => string | Promise<string>; open: (place: string) => Promise<Registry> },
): Promise<void> {
  const [crashed, whole] = [await open(where), await open(await place())];
  await commitTo(whole, 0, firstState());
  await commitTo(whole, 1, secondState());
  const [one, other] = [await everything(crashed), await everything(whole)];
  await crashed.close();
  await whole.close();
  assert.deepEqual(one, other);
}

async function everything(registry: Registry): Promise<unknown> {
  const audit = (await registry.audit(100)).map(({ action }) => action);
  return { content: contentOf(registry.snapshot()), keys: await registry.keys(), audit };
}

async function write(
  place: string,
  dieAt: number,
): Promise<{ signal: string | null; code: number | null; said: string }> {
  const child = spawn(process.execPath, [WRITER, place, String(dieAt)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  return { signal: child.signalCode, code: child.exitCode, said };
}
