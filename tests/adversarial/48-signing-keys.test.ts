import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openSqliteRegistry } from '../../src/registry/registry.ts';
import { coldStart, createReplicas, killDuringRotation } from './48-replicas.ts';
import type { Replicas } from './48-replicas.ts';
import { drawSeed, isFull } from './scale.ts';

async function onFile(t: TestContext): Promise<Replicas> {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-48-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'registry.sqlite');
  return createReplicas(file, () => openSqliteRegistry(file, { now: () => Date.now() / 1000 }));
}

test('T48 N18: eight processes that start together on an empty file publish one key set, and sign with it', async (t) => {
  for (let round = 0; round < (isFull ? 200 : 1); round += 1) await coldStart(await onFile(t), `round ${round}`);
});

test('T48 F02 B8: whichever process is killed while keys rotate, every token verifies by the set each process serves', async (t) => {
  const seed = drawSeed();
  t.diagnostic(`FULLMAKT_TEST_SEED=${seed}`);
  const kills = isFull ? 200 : 10;
  const { tokens, kids, failures } = await killDuringRotation(await onFile(t), { kills, seed });
  t.diagnostic(`${tokens} tokens by ${kids.size} keys`);
  assert.deepEqual(failures, []);
  assert.ok(kids.size >= 3, `${kids.size} keys signed`);
});
