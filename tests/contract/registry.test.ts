import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after } from 'node:test';
import { Client } from 'pg';
import { openSqliteRegistry } from '../../src/registry/registry.ts';
import { noPostgres, startPostgres } from '../servers/postgres.ts';
import { registryContract } from './registry.ts';
import { sharedRegistryContract } from './registry-shared.ts';
import { reachRegistry } from '../servers/reach-registry.ts';

const folder = mkdtempSync(join(tmpdir(), 'fullmakt-registries-'));
const server = noPostgres === false ? await startPostgres() : undefined;
after(async () => {
  rmSync(folder, { recursive: true });
  await server?.close();
});
let files = 0;
const now = (): number => Date.now() / 1000;
const database = async (): Promise<string> => {
  if (server === undefined) throw new Error('no PostgreSQL');
  return server.database();
};

registryContract('postgres', async () => reachRegistry(await database(), { now }), {
  clock: now,
  skip: noPostgres,
});

sharedRegistryContract('sqlite', async () => {
  const file = join(folder, `registry-${++files}.sqlite`);
  return {
    open: () => openSqliteRegistry(file, { now }),
    async run(statement) {
      const db = new DatabaseSync(file, { timeout: 5000 });
      db.exec(statement);
      db.close();
    },
  };
});

sharedRegistryContract(
  'postgres',
  async () => {
    const url = await database();
    return {
      open: () => reachRegistry(url, { now }),
      async run(statement) {
        const client = new Client({ connectionString: url });
        await client.connect();
        try {
          await client.query(statement);
        } finally {
          await client.end();
        }
      },
    };
  },
  { skip: noPostgres },
);
