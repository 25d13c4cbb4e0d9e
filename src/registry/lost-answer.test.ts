import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { appId } from './app-id.ts';
import { RegistryUnavailable } from './contract.ts';
import type { Registry } from './contract.ts';
import { openDatabaseRegistry } from './database-registry.ts';
import type { Database } from './database.ts';
import { openSqliteRegistry } from './registry.ts';
import { openSqliteDatabase } from './sqlite-database.ts';
import { sampleApp } from '../../tests/contract/registry.ts';

const api = appId('local', 'team-a', 'api');
const now = (): number => 1000;
const change = { putApps: [sampleApp(api)] };

/** A registry whose database loses the answers to the next writes: after they were made, or instead of making them, or while another is made. */
async function open(t: TestContext): Promise<{
  readonly registry: Registry;
  readonly file: string;
  readonly lose: (answers: number, meanwhile?: 'not written' | (() => Promise<void>)) => void;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-lost-'));
  const file = join(folder, 'registry.sqlite');
  const real = openSqliteDatabase(file);
  let lost = 0;
  let meanwhile: undefined | 'not written' | (() => Promise<void>);
  const database: Database = {
    ...real,
    async write(step) {
      if (lost === 0) return real.write(step);
      lost -= 1;
      if (meanwhile === undefined) await real.write(step);
      else {
        await assert.rejects(
          real.write(async (sql) => {
            await step(sql);
            throw new Error('not written');
          }),
        );
        if (meanwhile !== 'not written') await meanwhile();
      }
      throw new RegistryUnavailable('no answer to COMMIT', { outcome: 'unknown' });
    },
  };
  const registry = await openDatabaseRegistry(database, { now, pollSeconds: 3600 });
  t.after(async () => {
    await registry.close();
    rmSync(folder, { recursive: true });
  });
  return {
    registry,
    file,
    lose(answers, then) {
      lost = answers;
      meanwhile = then;
    },
  };
}

test('G5: a commit whose answer is lost is ok when it was made', async (t) => {
  const { registry, lose } = await open(t);
  lose(1);
  assert.equal(await registry.commit(0, change), 'ok');
  assert.deepEqual(registry.snapshot().app(api), sampleApp(api));
});

test('G5: a commit whose answer is lost is refused as not made when it was not, and may be made again', async (t) => {
  const { registry, lose } = await open(t);
  lose(1, 'not written');
  await assert.rejects(registry.commit(0, change), { name: 'RegistryUnavailable', outcome: 'unchanged' });
  assert.equal(registry.snapshot().version, 0);
  assert.equal(await registry.commit(0, change), 'ok');
});

test('G5: a commit whose answer is lost is a conflict when it was not made and another was', async (t) => {
  const { registry, lose, file } = await open(t);
  lose(1, async () => {
    const other = await openSqliteRegistry(file, { now });
    assert.equal(await other.commit(0, { wildcardGrants: 'tokens' }), 'ok');
    await other.close();
  });
  assert.equal(await registry.commit(0, change), 'conflict');
  assert.deepEqual([registry.snapshot().wildcardGrants, registry.snapshot().app(api)], ['tokens', undefined]);
});

test('G5: while nobody can tell what became of it the outcome is unknown, and the same commit again is made once', async (t) => {
  const { registry, lose } = await open(t);
  lose(2);
  await assert.rejects(registry.commit(0, change), { name: 'RegistryUnavailable', outcome: 'unknown' });
  assert.equal(await registry.commit(0, change), 'conflict');
  assert.deepEqual([registry.snapshot().version, registry.snapshot().app(api)], [1, sampleApp(api)]);
});

test('G5, K4: so it is with a set of signing keys', async (t) => {
  const { registry, lose } = await open(t);
  const { signingKeys } = registry;
  const publicJwk = { kty: 'RSA', kid: 'k' };
  const key = { kid: 'k', use: 'tokenx', alg: 'RS256', state: 'active', publicJwk, createdAt: 1 } as const;
  const sealed = (byte: number): readonly [typeof key & { sealedPrivate: Buffer }] => [
    { ...key, sealedPrivate: Buffer.from([byte]) },
  ];
  lose(1);
  assert.equal(await signingKeys.save('tokenx', 0, sealed(1)), 'ok');
  lose(1, 'not written');
  await assert.rejects(signingKeys.save('tokenx', 1, sealed(2)), { outcome: 'unchanged' });
  lose(1, async () => {
    lose(0);
    assert.equal(await signingKeys.save('tokenx', 1, sealed(3)), 'ok');
  });
  assert.equal(await signingKeys.save('tokenx', 1, sealed(2)), 'conflict');
  assert.deepEqual((await signingKeys.load('tokenx')).keys, sealed(3));
});
