import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { formatEnvFile } from './env-file.ts';
import { writeFileWhole, writeFolderWhole } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'fullmakt-sinks-'));
after(() => rmSync(folder, { recursive: true }));

const VALUES = {
  PLAIN: 'http://localhost:7440/token',
  EMPTY: '',
  SPACES: 'a b  c',
  JSON: '{"keys":[{"kid":"x","n":"$HOME `id` \\\\ #"}]}',
  HASH: '# not a comment',
  LETTERS: 'blåbær',
  QUOTE: "it's",
};

test('the env file says the same to node --env-file and to a POSIX shell (C2)', () => {
  const file = join(folder, 'env');
  writeFileSync(file, formatEnvFile(VALUES));
  const print = `process.stdout.write(JSON.stringify(Object.fromEntries(${JSON.stringify(Object.keys(VALUES))}.map((name) => [name, process.env[name]]))))`;
  const node = spawnSync(process.execPath, [`--env-file=${file}`, '-e', print], { encoding: 'utf8', env: {} });
  assert.deepEqual(JSON.parse(node.stdout), VALUES);
  const script = `set -a; . "${file}"; exec "${process.execPath}" -e '${print}'`;
  const shell = spawnSync('sh', ['-c', script], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  assert.deepEqual(JSON.parse(shell.stdout), VALUES);
});

test('a value that no env file can carry is refused', () => {
  assert.throws(() => formatEnvFile({ X: 'a\nb' }), RangeError);
  assert.throws(() => formatEnvFile({ X: `'"` }), RangeError);
});

test('a file is replaced whole, for its owner only, and an equal one is not touched', async () => {
  const file = join(folder, 'whole');
  assert.equal(await writeFileWhole(file, 'one'), true);
  const { ino, mode } = statSync(file);
  assert.equal(mode & 0o777, 0o600);
  assert.equal(await writeFileWhole(file, 'one'), false);
  assert.equal(statSync(file).ino, ino);
  assert.equal(await writeFileWhole(file, 'two'), true);
  assert.notEqual(statSync(file).ino, ino, 'another file took the name');
  assert.equal(readFileSync(file, 'utf8'), 'two');
});

test('a write that was killed leaves the old content, and the next one cleans up', async () => {
  const target = join(folder, 'mounts');
  await writeFolderWhole(target, { 'azure/A': '1', 'jwker/B': '2' });
  writeFileSync(join(folder, '.mounts.half.tmp'), 'left by a kill');
  assert.equal(readFileSync(join(target, 'jwker/B'), 'utf8'), '2');
  await writeFolderWhole(target, { 'azure/A': '3' });
  assert.ok(lstatSync(target).isSymbolicLink());
  assert.deepEqual(readdirSync(target), ['azure']);
  assert.equal(readFileSync(join(target, 'azure/A'), 'utf8'), '3');
  assert.equal(readdirSync(folder).filter((name) => name.startsWith('.mounts')).length, 1);
});
