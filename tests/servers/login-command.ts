import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { LoginSummary } from '../../src/cli/login-summary.ts';
import type { Ended } from './exchange-command.ts';

const root = join(import.meta.dirname, '../..');
const PATIENCE_MS = 20_000;

/** A `fullmakt login` of its own. */
export interface LoginCommandProcess {
  readonly summary: LoginSummary;
  /** Where browsers reach it without anything in between. */
  readonly origin: string;
  /** Where its figures and health are; empty when it has no such listener. */
  readonly metrics: string;
  readonly child: ChildProcess;
  /** What it printed on standard error so far. */
  said(): string;
  /** Ends it, and gives its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts the proxy on ports of the system's choice, on loopback; rejects with what it said when it ends instead. `descriptors`: how
 * many files and sockets it may have open.
 */
export async function startLoginCommand(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  descriptors?: number,
): Promise<LoginCommandProcess> {
  // An environment of Wonderwall's names says itself where.
  const addresses =
    'WONDERWALL_BIND_ADDRESS' in env
      ? {}
      : {
          FULLMAKT_LOGIN_BIND_ADDRESS: '127.0.0.1:0',
          FULLMAKT_LOGIN_METRICS_BIND_ADDRESS: '127.0.0.1:0',
        };
  const child = spawnCommand(['--json', ...args], { ...addresses, ...env }, descriptors);
  let [out, err] = ['', ''];
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const summary = await new Promise<LoginSummary>((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`ended with ${code}:\n${err}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.endsWith('\n}\n')) resolve(JSON.parse(out));
    });
  }).finally(() => clearTimeout(patience));
  return {
    summary,
    origin: summary.origins.proxy,
    metrics: summary.origins.metrics ?? '',
    child,
    said: () => err,
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise((resolve) => child.once('close', resolve));
        child.kill(signal);
        await gone;
      }
      return child.exitCode;
    },
  };
}

/** Runs `fullmakt login …` to its end. */
export async function runLoginCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawnCommand(args, env);
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(patience);
  return { code: child.exitCode, stdout, stderr };
}

function spawnCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  descriptors?: number,
): ChildProcess {
  const line = [process.execPath, join(root, 'src/main.ts'), 'login', ...args];
  const limited =
    descriptors === undefined ? line : ['/bin/sh', '-c', `ulimit -n ${descriptors}; exec "$0" "$@"`, ...line];
  const [command = '', ...rest] = limited;
  return spawn(command, rest, { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}
