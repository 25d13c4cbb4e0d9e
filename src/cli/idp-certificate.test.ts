import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readBusinessRoots } from '../idp/keys/business-ca.ts';
import { makeCertificate } from './idp-certificate.ts';

test('idp certificate writes a chain, its key and a JWK for the organisation, under the CA that the providers believe', async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), 'fullmakt-certificate-'));
  t.after(() => rm(cwd, { recursive: true }));
  const text = await makeCertificate(['--orgno', '310000019', '--out', 'out', '--dir', 'state'], {}, cwd);
  const file = (ending: string): string => join(cwd, 'out', `virksomhet-310000019.${ending}`);
  const leaf = new X509Certificate(await readFile(file('pem')));
  const [root] = await readBusinessRoots(join(cwd, 'state'));
  assert.ok(root);
  assert.ok(leaf.verify(root.publicKey));
  assert.match(leaf.subject, /^serialNumber=310000019$/m);
  assert.ok(leaf.checkPrivateKey(createPrivateKey(await readFile(file('key')))));
  const jwk: unknown = JSON.parse(await readFile(file('jwk'), 'utf8'));
  assert.ok(typeof jwk === 'object' && jwk !== null && 'x5c' in jwk && 'd' in jwk);
  assert.deepEqual(jwk.x5c, [leaf.raw.toString('base64'), root.raw.toString('base64')]);
  for (const ending of ['key', 'jwk']) assert.equal((await stat(file(ending))).mode & 0o777, 0o600);
  for (const ending of ['pem', 'key', 'jwk']) assert.ok(text.includes(file(ending)), text);
});

test('idp certificate finds its own CA among those that a user put into the file, and leaves them where they are', async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), 'fullmakt-certificate-'));
  t.after(() => rm(cwd, { recursive: true }));
  const [own, theirs] = [join(cwd, 'own'), join(cwd, 'theirs')];
  const issue = (dir: string): Promise<string> => makeCertificate(['--orgno', '310000019', '--dir', dir], {}, cwd);
  const roots = async (): Promise<readonly string[]> =>
    (await readBusinessRoots(own)).map((root) => root.fingerprint256);
  await issue(theirs);
  const foreign = await readFile(join(theirs, 'virksomhet-ca.pem'), 'utf8');
  await mkdir(own);
  await writeFile(join(own, 'virksomhet-ca.pem'), foreign);
  await issue(own);
  const [first, second, ...others] = await roots();
  assert.deepEqual([first, others], [new X509Certificate(foreign).fingerprint256, []]);
  await issue(own);
  assert.deepEqual(await roots(), [first, second], 'made once');
  const chain = await readFile(join(cwd, 'virksomhet-310000019.pem'), 'utf8');
  const [leaf = '', ca = '', ...more] = chain.split(/(?<=-----END CERTIFICATE-----)\n/).filter((pem) => pem !== '');
  assert.deepEqual([new X509Certificate(ca).fingerprint256, more], [second, []]);
  assert.ok(new X509Certificate(leaf).verify(new X509Certificate(ca).publicKey));
});

test('idp certificate without a proper organisation number, or with words it does not know, is wrong usage', async () => {
  for (const args of [
    [],
    ['--orgno', '31000001'],
    ['--orgno', '0192:310000019'],
    ['--org', '310000019'],
    ['310000019'],
  ]) {
    await assert.rejects(makeCertificate(args, {}, '/nonexistent'), { exitCode: 2 }, args.join(' '));
  }
});
