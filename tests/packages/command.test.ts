import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildCommand } from '../../scripts/build/command.ts';
import { copyExamples, freeOffset, removeCopy } from '../journeys/platform.ts';

/* The packed command, installed where nothing else is. */

const folder = mkdtempSync(join(tmpdir(), 'fullmakt-command-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
await buildCommand('0.0.0', join(folder, 'package'));
const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
  cwd: join(folder, 'package'),
  encoding: 'utf8',
  stdio: 'pipe',
});
writeFileSync(join(folder, 'package.json'), '{ "name": "scratch", "private": true }');
const quiet = ['--offline', '--no-audit', '--no-fund', '--no-package-lock'];
execFileSync('npm', ['install', ...quiet, join(folder, JSON.parse(packed)[0].filename)], {
  cwd: folder,
  stdio: 'pipe',
});
const installed = join(folder, 'node_modules/fullmakt');
const program = join(installed, 'main.js');

function run(...args: readonly string[]): string {
  return execFileSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
}

test('the packed command installs nothing else, runs no script, and says whose code it brings on which terms', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.scripts, undefined);
  const notices = readFileSync(join(installed, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  for (const name of ['zod', 'pino', 'redis', 'pg', 'yaml']) assert.match(notices, new RegExp(`^${name} \\d`, 'm'));
  assert.doesNotMatch(notices, /\((?:UNLICENSED|[AL]?GPL)/);
});

test('it runs from its own folder: version, help, the settings of every program, and manifests', () => {
  assert.equal(run('--version').trim(), '0.0.0');
  for (const name of ['exchange', 'login', 'idp', 'sidecar'])
    assert.match(run(name, '--help'), new RegExp(`fullmakt ${name}`));
  const examples = copyExamples();
  try {
    assert.doesNotMatch(run('validate', examples), /error/i);
  } finally {
    removeCopy(examples);
  }
});

test('it starts everything on one machine, apps and their keeper included, and leaves nothing behind', async (t) => {
  const examples = copyExamples();
  t.after(() => removeCopy(examples));
  const child = spawn(process.execPath, [program, 'up', examples, '--json'], {
    env: { ...process.env, FULLMAKT_UP_PORT_OFFSET: String(await freeOffset()) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const gone = new Promise<number | null>((resolve) => child.once('close', resolve));
  let [out, err] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const summary = await new Promise<{ apps: { app: string }[] }>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.endsWith('\n}\n')) resolve(JSON.parse(out));
    });
    void gone.then((code) => reject(new Error(`it ended with ${code}:\n${err}`)));
  });
  const addresses = summary.apps.map(({ app }) => app);
  assert.ok(addresses.length >= 5);
  for (const address of addresses) assert.ok((await fetch(address)).status < 500, `${address}\n${err}`);
  child.kill('SIGTERM');
  assert.equal(await gone, 0);
  await Promise.all(addresses.map((address) => assert.rejects(fetch(address), address)));
});
