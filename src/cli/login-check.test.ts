import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LEAST } from '../login/testing/wonderwall-aliases.ts';
import { parseServerArguments } from './server-arguments.ts';
import { readConfigFile } from './config-file.ts';
import { createNotices } from './notices.ts';
import { loginSetUp } from './login-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'fullmakt-login-check-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function problemsOf(more: Readonly<Record<string, string>>): Promise<readonly unknown[]> {
  const env = { ...LEAST, FULLMAKT_LOGIN_SESSION_KEYS: '', ...more };
  try {
    await loginSetUp(parseServerArguments('login', ['--check', '--json']), env, folder);
    return [];
  } catch (error) {
    assert.ok(error instanceof Error && 'problems' in error && Array.isArray(error.problems), String(error));
    return error.problems;
  }
}

test('OP-3: a file of keys that cannot be used is named together with everything else', async () => {
  const problems = await problemsOf({ FULLMAKT_LOGIN_SESSION_KEYS_FILE: 'nowhere', FULLMAKT_LOGIN_ROLE: 'x' });
  assert.equal(problems.length, 2);
  assert.match(problems.join(), /FULLMAKT_LOGIN_ROLE.*nowhere cannot be read/s);
});

test('SE-4: a damaged key beside an sqlite file is found before the start; one that is not made yet is no problem', async () => {
  writeFileSync(join(folder, 'damaged.sqlite.key'), 'hush-hush');
  const problems = await problemsOf({ FULLMAKT_LOGIN_STORE: 'sqlite:damaged.sqlite' });
  assert.match(problems.join(), /damaged\.sqlite\.key does not hold keys/);
  assert.doesNotMatch(problems.join(), /hush/);
  assert.deepEqual(await problemsOf({ FULLMAKT_LOGIN_STORE: 'sqlite:new.sqlite' }), []);
});

test('a file that is neither YAML nor JSON is refused with the line where reading ended', async () => {
  const file = join(folder, 'typo.yaml');
  writeFileSync(file, 'ingress: http://localhost\nopenid: { client-secret: hush-hush\nauto-login: true\n');
  writeFileSync(join(folder, 'twice.yaml'), 'auto-login: true\nauto-login: false\n');
  await assert.rejects(readConfigFile(join(folder, 'twice.yaml'), new Set()), /twice\.yaml:2:1 .*\(DUPLICATE_KEY\)/);
  await assert.rejects(
    readConfigFile(file, new Set()),
    (error) =>
      error instanceof Error &&
      /typo\.yaml:3:\d+ cannot be read as YAML or JSON/.test(error.message) &&
      !/hush/.test(error.message),
  );
});

test('OP-5: what the process says of itself are lines like those of the log', () => {
  const lines: string[] = [];
  const told = createNotices({ program: 'login', format: 'json' }, () => 0, { write: (text) => lines.push(text) });
  told.notice('careful');
  told.notice('SIGTERM: stopping', 'info');
  told.settings({ store: 'memory:', list: [undefined, 1] });
  const parsed = lines.map((line): unknown => JSON.parse(line));
  const time = '1970-01-01T00:00:00.000Z';
  assert.deepEqual(parsed, [
    { level: 'warn', time, program: 'login', event: 'notice', message: 'careful' },
    { level: 'info', time, program: 'login', event: 'notice', message: 'SIGTERM: stopping' },
    { level: 'info', time, program: 'login', event: 'settings', settings: { store: 'memory:', list: [null, 1] } },
  ]);
});
