import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const PATIENCE_MS = 20_000;

/** What `fullmakt exchange --json` prints once ready. */
interface ExchangeSummary {
  readonly seconds: number;
  readonly pid: number;
  readonly workers: number;
  readonly issuer: string;
  readonly origins: readonly string[];
  readonly store: string;
  readonly replayStore: string;
  readonly audit: string;
}

/** A `fullmakt exchange` of its own. */
export interface ExchangeCommand {
  readonly summary: ExchangeSummary;
  readonly origin: string;
  readonly child: ChildProcess;
  /** What it printed on standard error so far. */
  said(): string;
  /** Ends it, and gives its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** How a command that does not go on ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the server on a port of the system's choice; rejects with what it said when it ends instead. `descriptors`: how many files and sockets it may have open. */
export async function startExchangeCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  descriptors?: number,
): Promise<ExchangeCommand> {
  const child = spawnCommand(['--json', ...args], { FULLMAKT_EXCHANGE_BIND: '127.0.0.1:0', ...env }, descriptors);
  let [out, err] = ['', ''];
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const summary = await new Promise<ExchangeSummary>((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`ended with ${code}:\n${err}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.trimEnd().endsWith('}')) resolve(JSON.parse(out));
    });
  }).finally(() => clearTimeout(patience));
  return {
    summary,
    origin: summary.origins[0] ?? '',
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

/** Runs `fullmakt exchange …` to its end. */
export async function runExchangeCommand(
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
  const line = [process.execPath, join(root, 'src/main.ts'), 'exchange', ...args];
  const limited =
    descriptors === undefined ? line : ['/bin/sh', '-c', `ulimit -n ${descriptors}; exec "$0" "$@"`, ...line];
  const [command = '', ...rest] = limited;
  return spawn(command, rest, { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}
