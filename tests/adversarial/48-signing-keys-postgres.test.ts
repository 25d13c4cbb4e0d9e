import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { noPostgres, startPostgres } from '../servers/postgres.ts';
import { coldStart, createReplicas, killDuringRotation } from './48-replicas.ts';
import type { Replicas } from './48-replicas.ts';
import { drawSeed, isFull } from './scale.ts';
import { reachRegistry } from '../servers/reach-registry.ts';

const server = noPostgres === false ? await startPostgres() : undefined;
after(() => server?.close());

async function onPostgres(): Promise<Replicas> {
  if (server === undefined) throw new Error('there is no server');
  const url = await server.database();
  return createReplicas(url, () => reachRegistry(url, { now: () => Date.now() / 1000 }));
}

test('T48 N18: eight processes that start together on an empty database publish one key set', {
  skip: noPostgres,
}, async () => {
  for (let round = 0; round < (isFull ? 200 : 1); round += 1) await coldStart(await onPostgres(), `round ${round}`);
});

test('T48 F02 B8: whichever process on a database is killed while keys rotate, every token verifies everywhere', {
  skip: noPostgres,
}, async (t) => {
  const seed = drawSeed();
  t.diagnostic(`FULLMAKT_TEST_SEED=${seed}`);
  const kills = isFull ? 200 : 10;
  const { tokens, kids, failures } = await killDuringRotation(await onPostgres(), { kills, seed });
  t.diagnostic(`${tokens} tokens by ${kids.size} keys`);
  assert.deepEqual(failures, []);
  assert.ok(kids.size >= 3, `${kids.size} keys signed`);
});
