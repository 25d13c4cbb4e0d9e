import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensurePrivateCa } from './ca.ts';
import { StateFileDamaged } from './files.ts';

const DAY = 24 * 60 * 60;
const NOW = 1_800_000_000;

test('the private CA vouches for localhost alone, its leaf lives 397 days and is remade below 30', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'fullmakt-ca-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  const first = await ensurePrivateCa(stateDir, NOW);
  const [ca, leaf] = [new X509Certificate(first.caPem), new X509Certificate(first.certPem)];
  assert.ok(leaf.verify(ca.publicKey) && leaf.checkIssued(ca));
  assert.equal(leaf.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
  assert.equal(Date.parse(leaf.validTo) / 1000, NOW + 397 * DAY);
  assert.deepEqual(await ensurePrivateCa(stateDir, NOW + 366 * DAY), first);
  const renewed = await ensurePrivateCa(stateDir, NOW + 368 * DAY);
  assert.equal(renewed.caPem, first.caPem);
  assert.notEqual(renewed.certPem, first.certPem);
});

test('a damaged certificate file is named and left as it is', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'fullmakt-ca-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  const { caFile } = await ensurePrivateCa(stateDir, NOW);
  await writeFile(caFile, 'damaged');
  await assert.rejects(
    ensurePrivateCa(stateDir, NOW),
    (error) => error instanceof StateFileDamaged && error.message.includes(caFile),
  );
  assert.equal(await readFile(caFile, 'utf8'), 'damaged');
});
