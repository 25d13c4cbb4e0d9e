import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { help, idpHelp } from './help.ts';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const main = fileURLToPath(new URL('../main.ts', import.meta.url));

function fullmakt(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
}

test('`--help`, `help` and no command at all print the help and are no error', () => {
  for (const args of [[], ['--help'], ['help']]) {
    assert.deepEqual([fullmakt(...args).status, fullmakt(...args).stdout], [0, help]);
  }
});

test('`idp --help` prints the help of that command alone', () => {
  const { status, stdout } = fullmakt('idp', '--help');
  assert.deepEqual([status, stdout], [0, idpHelp]);
});

test('`idp` with a flag it does not know is exit code 2 and one sentence', () => {
  const { status, stderr } = fullmakt('idp', '--persona', 'okta');
  assert.equal(status, 2);
  assert.match(stderr, /^fullmakt: --persona takes one of idporten, .*, not okta \(fullmakt idp --help\)\n$/);
});

test('`idp` with a flag that does not exist says that, and where the others stand', () => {
  const { status, stderr } = fullmakt('idp', '--jason');
  assert.deepEqual([status, stderr], [2, "fullmakt: Unknown option '--jason' (fullmakt idp --help)\n"]);
});

test('`idp` where the machine refuses to write says what it said, without a stack', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-refused-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'people.yaml'));
  const { status, stderr } = fullmakt('idp', '--only', 'openid', '--dir', folder);
  assert.equal(status, 4);
  assert.match(stderr, /^fullmakt: EISDIR: .*\n$/);
});

test('`--version` prints the version of the package', () => {
  assert.match(fullmakt('--version').stdout, /^\d+\.\d+\.\d+\n$/);
});

test('wrong usage is exit code 2, with what was wrong and the help', () => {
  const { status, stderr } = fullmakt('upp');
  assert.equal(status, 2);
  assert.ok(stderr.startsWith('fullmakt: there is no command upp\n'));
  assert.ok(stderr.includes(help));
});

test('a folder that is not there is exit code 4 and one sentence, not a stack', () => {
  const { status, stderr } = fullmakt('up', 'no/such/folder');
  assert.equal(status, 4);
  assert.match(
    stderr,
    /^fullmakt: there is no folder .*no\/such\/folder; name the folder that holds your manifests: .*\n$/,
  );
});

test('`run` for an app that `up` never wrote an environment for says what to do', () => {
  const { status, stderr } = fullmakt('run', 'permits/nobody', '--dir', examples, '--', 'true');
  assert.equal(status, 4);
  assert.match(stderr, /there is no environment for permits\/nobody .*fullmakt up/);
});
