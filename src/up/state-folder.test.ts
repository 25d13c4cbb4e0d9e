import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { claimStateFolder, findManifestFolder, openStateFolder, UpError } from './state-folder.ts';

const CLAIMANT = { command: 'up', pid: 1, startedAt: '2026-01-01T00:00:00.000Z' } as const;

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'fullmakt-up-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('without a name the folder is fullmakt/, else examples/', (t) => {
  const cwd = folder(t);
  assert.throws(
    () => findManifestFolder(undefined, cwd),
    /neither fullmakt\/ nor examples\/ is in .*; name the folder/,
  );
  mkdirSync(join(cwd, 'examples'));
  assert.equal(findManifestFolder(undefined, cwd), join(cwd, 'examples'));
  mkdirSync(join(cwd, 'fullmakt'));
  assert.equal(findManifestFolder(undefined, cwd), join(cwd, 'fullmakt'));
});

test('a named folder has to be one', (t) => {
  const cwd = folder(t);
  writeFileSync(join(cwd, 'file'), '');
  assert.throws(() => findManifestFolder('nowhere', cwd), /there is no folder .*nowhere/);
  assert.throws(() => findManifestFolder('file', cwd), UpError);
});

test('the state folder is private to its user and keeps itself out of git', (t) => {
  const state = openStateFolder(folder(t));
  assert.equal(statSync(state).mode & 0o777, 0o700);
  assert.equal(readFileSync(join(state, '.gitignore'), 'utf8'), '*\n');
});

test('a state folder that cannot be made is named', (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, '.fullmakt'), 'a file where the folder should be');
  assert.throws(() => openStateFolder(dir), /the state folder .*\.fullmakt cannot be written .*; make it writable/);
});

test('a claimed folder refuses a second claim and names the first, until it is released', (t) => {
  const state = openStateFolder(folder(t));
  const first = claimStateFolder(state, { ...CLAIMANT, pid: 4242 });
  assert.throws(
    () => claimStateFolder(state, CLAIMANT),
    /another fullmakt up \(process 4242, since 2026-01-01T00:00:00\.000Z\) already runs/,
  );
  first.release();
  const alone = claimStateFolder(state, { ...CLAIMANT, command: 'idp' });
  assert.throws(() => claimStateFolder(state, CLAIMANT), /another fullmakt idp \(process 1, /);
  alone.release();
  claimStateFolder(state, CLAIMANT).release();
});

test('a damaged claim is named and left as it is', (t) => {
  const state = openStateFolder(folder(t));
  const file = join(state, 'owner.sqlite');
  const damaged = 'no database at all, but long enough to look at closely '.repeat(100);
  writeFileSync(file, damaged);
  assert.throws(() => claimStateFolder(state, CLAIMANT), /owner\.sqlite cannot be used/);
  assert.equal(readFileSync(file, 'utf8'), damaged);
});
