import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startCommand } from '../../servers/command.ts';
import { listen } from '../../servers/listen.ts';
import { quietPort } from './quiet-port.ts';

test('a sidecar that somebody else starts is told its variables, and judged by its answers (BASE_URL)', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  t.after(() => rm(folder, { recursive: true }));
  const [port, providerPort] = [await quietPort(), await quietPort()];
  const envFile = join(folder, 'sidecar.env');
  const ended = runDriver({
    BASE_URL: `http://127.0.0.1:${port}/`,
    PROVIDER_PORT: String(providerPort),
    ENV_FILE: envFile,
    FAMILIES: 'upstream,dispatch',
    REVISION: 'B',
  });
  const sidecar = await startCommand({
    args: ['sidecar', '--json'],
    env: { ...(await variablesIn(envFile)), BIND_ADDRESS: `127.0.0.1:${port}` },
  });
  t.after(() => sidecar.stop());
  const { code, said } = await ended;
  assert.equal(code, 0, said);
  assert.match(said, /upstream +\d\d passed, 0 failed/);
  assert.match(said, /dispatch +\d\d passed, 0 failed, \d+ left out: needs settings of its own/);
});

test('a server that answers nonsense is red case by case, and what cannot be asked of it is left out with the reason (BASE_URL)', async (t) => {
  const server = createServer((request, response) => void request.resume().on('end', () => response.end('hello')));
  const port = await listen(t, server);
  const { code, said } = await runDriver({
    BASE_URL: `http://127.0.0.1:${port}`,
    PROVIDER_PORT: String(await quietPort()),
    FAMILIES: 'upstream,folders,probes',
    ENV_FILE: '/dev/null',
  });
  assert.equal(code, 1, said);
  assert.match(said, /upstream +0 passed, [1-9]\d* failed/);
  assert.match(said, /folders +0 passed, 0 failed, \d+ left out: needs folders or places of its own/);
  assert.match(said, /probes +0 passed, 0 failed, \d+ left out: needs folders or places of its own/);
  assert.match(
    said,
    / {2}upstream\.json entra-machine, step 0, POST \/api\/v1\/token: body\n +expected: JSON\n +got: {6}"hello"\n +answer: {3}200 hello\n +at tests\/contract\/sidecar\/upstream\.json\n/,
  );
  assert.doesNotMatch(said, /check-answer\.ts/, 'no stack of the driver');
});

/** Runs the driver to its end. */
async function runDriver(
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: unknown; readonly said: string }> {
  const driver = spawn(process.execPath, [join(import.meta.dirname, 'run.ts')], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  driver.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = await once(driver, 'close');
  return { code, said };
}

async function variablesIn(file: string): Promise<Record<string, string>> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const lines = text.split('\n').filter((line) => line !== '');
    if (text.endsWith('\n'))
      return Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
    assert.ok(performance.now() < deadline, 'the driver wrote no variables');
    await pause(20);
  }
}
