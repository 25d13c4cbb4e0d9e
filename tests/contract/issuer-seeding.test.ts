import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { noPostgres, startPostgres } from '../servers/postgres.ts';

const WORKER = fileURLToPath(new URL('issuer-seeding-worker.ts', import.meta.url));

test('6.1 eight processes that start at once on an empty PostgreSQL write the trusted issuers once and agree', {
  skip: noPostgres,
}, async (t) => {
  const server = await startPostgres();
  t.after(() => server.close());
  const url = await server.database();
  const said = await Promise.all(Array.from({ length: 8 }, () => run(url)));
  assert.deepEqual(
    said,
    Array.from({ length: 8 }, () => '1 a b'),
  );
});

async function run(url: string): Promise<string> {
  const child = spawn(process.execPath, [WORKER, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  return said;
}
