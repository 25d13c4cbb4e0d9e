import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensurePrivateCa } from './ca.ts';
import { StateFileDamaged } from '../state/files.ts';

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

test('the certificate holds the hosts of configured issuers too, under a CA that vouches for nothing else', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'fullmakt-ca-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  const local = await ensurePrivateCa(stateDir, NOW);
  const named = await ensurePrivateCa(stateDir, NOW, ['fullmakt-local']);
  const [ca, leaf] = [new X509Certificate(named.caPem), new X509Certificate(named.certPem)];
  assert.notEqual(named.caPem, local.caPem, 'the first CA may not vouch for that name');
  assert.ok(leaf.verify(ca.publicKey) && leaf.checkHost('fullmakt-local') && leaf.checkHost('localhost'));
  assert.ok(ca.raw.includes('fullmakt-local'));
  assert.deepEqual(await ensurePrivateCa(stateDir, NOW, ['fullmakt-local']), named);
  assert.deepEqual(await ensurePrivateCa(stateDir, NOW), named, 'a name more does no harm');
  const renewed = await ensurePrivateCa(stateDir, NOW + 368 * DAY, ['fullmakt-local']);
  assert.equal(renewed.caPem, named.caPem);
  assert.ok(new X509Certificate(renewed.certPem).checkHost('fullmakt-local'));
});

for (const [file, text, says] of [
  ['localhost.key', 'damaged', /localhost\.key: not a private key in PEM/],
  ['ca.key', 'damaged', /ca\.key: not a private key in PEM/],
] as const) {
  test(`a damaged ${file} is named at the start, not met by the first program that calls`, async (t) => {
    const stateDir = await mkdtemp(join(tmpdir(), 'fullmakt-ca-'));
    t.after(() => rm(stateDir, { recursive: true, force: true }));
    await ensurePrivateCa(stateDir, NOW);
    await writeFile(join(stateDir, file), text);
    await assert.rejects(ensurePrivateCa(stateDir, NOW), { name: 'StateFileDamaged', message: says });
  });
}

test('the key of another certificate is named too', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'fullmakt-ca-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  await ensurePrivateCa(stateDir, NOW);
  await writeFile(join(stateDir, 'localhost.key'), await readFile(join(stateDir, 'ca.key')));
  await assert.rejects(ensurePrivateCa(stateDir, NOW), /localhost\.key: not the key of .*localhost\.pem/);
});
