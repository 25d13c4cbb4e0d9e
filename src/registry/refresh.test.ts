import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RegistryUnavailable } from './contract.ts';
import { openSqliteRegistry } from './registry.ts';

test('refresh answers with what another process wrote, however seldom this one looks; throws when nobody can be asked', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-refresh-'));
  const open = (): ReturnType<typeof openSqliteRegistry> =>
    openSqliteRegistry(join(folder, 'registry.sqlite'), { now: () => 1000, pollSeconds: 3600 });
  const [one, other] = [await open(), await open()];
  t.after(async () => {
    await one.close();
    rmSync(folder, { recursive: true });
  });
  const before = await one.refresh();
  assert.equal(await other.commit(other.snapshot().version, { wildcardGrants: 'tokens' }), 'ok');
  const after = await one.refresh();
  assert.deepEqual([before.wildcardGrants, after.wildcardGrants], ['network-only', 'tokens']);
  assert.equal(after.version, other.snapshot().version);
  assert.equal(one.snapshot(), after);
  await other.close();
  await assert.rejects(() => other.refresh(), RegistryUnavailable);
});
