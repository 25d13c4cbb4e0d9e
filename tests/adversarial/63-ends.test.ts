import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { LEAST } from '../../src/login/testing/wonderwall-aliases.ts';
import { startAlone as startIdp } from '../journeys/idp-alone.ts';
import { startExchangeCommand } from '../servers/exchange-command.ts';
import { createFleet } from '../servers/fleet.ts';
import { runLoginCommand, startLoginCommand } from '../servers/login-command.ts';
import { runSidecarCommand, startSidecarCommand } from '../servers/sidecar-command.ts';
import { until } from '../until.ts';
import { createRandom, drawSeed, isFull } from './scale.ts';

/* Programs that are told to end: at any moment, and with something left that nobody ends. */

const fleet = await createFleet();
const ROUNDS = isFull ? 50 : 3;
/** By then a program has started; a signal comes before that, or soon after it. */
const STARTED_MS = 2500;
/** Something that holds a process for ever, as a connection does that a library has lost sight of. */
const HELD: Readonly<Record<string, string>> = {
  NODE_OPTIONS: '--import=data:text/javascript,setInterval(()=>{},1000)',
};
const SIDECAR = {
  FULLMAKT_ALLOW_LOCAL_PROVIDERS: 'true',
  AZURE_ENABLED: 'true',
  AZURE_APP_CLIENT_ID: 'c',
  AZURE_APP_JWK: LEAST['FULLMAKT_LOGIN_OPENID_CLIENT_JWK'] ?? '',
  AZURE_OPENID_CONFIG_ISSUER: 'https://idp.example.test',
  AZURE_OPENID_CONFIG_JWKS_URI: 'http://127.0.0.1:1/jwks',
  AZURE_OPENID_CONFIG_TOKEN_ENDPOINT: 'http://127.0.0.1:1/token',
};
const LOGIN = { ...LEAST, FULLMAKT_LOGIN_UPSTREAM: 'http://127.0.0.1:1', FULLMAKT_LOGIN_STORE: 'memory:' };

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fullmakt-ends-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const PROGRAMS: Readonly<
  Record<string, (t: TestContext, env: Readonly<Record<string, string>>) => Promise<ChildProcess>>
> = {
  login: async (_t, env) => (await startLoginCommand({ ...LOGIN, ...env })).child,
  sidecar: async (_t, env) => (await startSidecarCommand({ ...SIDECAR, ...env })).child,
  exchange: async (t, env) =>
    (await startExchangeCommand(['--dir', newFolder(t)], { ...fleet.settings, ...env })).child,
  'exchange in several processes': async (t, env) =>
    (await startExchangeCommand(['--dir', newFolder(t), '--workers', '2'], { ...fleet.settings, ...env })).child,
  idp: async (t, env) => (await startIdp(['--dir', newFolder(t)], env)).process,
};

async function ended(child: ChildProcess): Promise<readonly [number | null, NodeJS.Signals | null]> {
  await until(() => child.exitCode !== null || child.signalCode !== null, 'the end of a program that was told to end');
  return [child.exitCode, child.signalCode];
}

for (const [name, start] of Object.entries(PROGRAMS))
  test(`T63 OP-9 ${name}: what somebody has left open does not hold a program that was told to end`, async (t) => {
    const child = await start(t, HELD);
    t.after(() => child.kill('SIGKILL'));
    child.kill('SIGTERM');
    assert.deepEqual(await ended(child), [0, null]);
  });

test('T63 OP-9 a program that could not start ends with 4, whatever somebody has left open', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await until(() => server.listening);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- it listens at an address of the network
  const taken = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const all = await Promise.all([
    runLoginCommand([], { ...LOGIN, ...HELD, FULLMAKT_LOGIN_BIND_ADDRESS: taken }),
    runSidecarCommand([], { ...SIDECAR, ...HELD, BIND_ADDRESS: taken, PROBE_BIND_ADDRESS: '127.0.0.1:0' }),
  ]);
  assert.deepEqual(
    all.map(({ code }) => code),
    [4, 4],
    all.map(({ stderr }) => stderr).join('\n'),
  );
});

test(`T63 OP-9 a program that is told to end at any moment of its start, or of its first seconds, ends: ${ROUNDS} times each`, async (t) => {
  const random = createRandom(drawSeed());
  const main = join(import.meta.dirname, '../../src/main.ts');
  const settings = {
    login: {
      ...LOGIN,
      FULLMAKT_LOGIN_STORE: 'redis://127.0.0.1:1',
      FULLMAKT_LOGIN_BIND_ADDRESS: '127.0.0.1:0',
      FULLMAKT_LOGIN_METRICS_BIND_ADDRESS: '127.0.0.1:0',
    },
    sidecar: { ...SIDECAR, BIND_ADDRESS: '127.0.0.1:0', PROBE_BIND_ADDRESS: '127.0.0.1:0' },
    exchange: { ...fleet.settings, FULLMAKT_EXCHANGE_BIND: '127.0.0.1:0' },
  };
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [program, env] of Object.entries(settings)) {
      const folder = program === 'exchange' ? ['--dir', newFolder(t)] : [];
      const child = spawn(process.execPath, [main, program, ...folder], {
        env: { PATH: process.env['PATH'], ...env },
        stdio: 'ignore',
      });
      t.after(() => child.kill('SIGKILL'));
      await pause(random.below(STARTED_MS));
      child.kill('SIGTERM');
      const [code, signal] = await ended(child);
      // Before it listens for signals the system ends it.
      assert.ok(code === 0 || signal === 'SIGTERM', `${program}: ${code} ${signal}`);
    }
});
