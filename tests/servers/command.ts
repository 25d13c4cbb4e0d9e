import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const PATIENCE_MS = 60_000;

/** How a command that does not go on ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What to run: `fullmakt` with these arguments. */
interface Invocation {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** How many files and sockets it may have open. */
  readonly descriptors?: number | undefined;
}

/** A command that goes on, and has printed its summary of type `S`. */
export interface RunningCommand<S> {
  readonly summary: S;
  readonly child: ChildProcess;
  /** What it printed on standard error, as far as it has arrived: before the end, wait for it with `until`. */
  readonly said: () => string;
  /** Ends it, and gives its exit code; what it printed has arrived then. One that does not end is killed after a minute: null. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a command with `--json`, and waits for its summary; rejects with what it said when it ends instead. */
export async function startCommand<S>(invocation: Invocation): Promise<RunningCommand<S>> {
  const child = spawnCommand(invocation);
  // Not 'exit': what it printed last may still be on its way then.
  const gone = new Promise((resolve) => child.once('close', resolve));
  let [out, err] = ['', ''];
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const summary = await new Promise<S>((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`ended with ${code}:\n${err}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.endsWith('\n}\n')) resolve(JSON.parse(out));
    });
  }).finally(() => clearTimeout(patience));
  return {
    summary,
    child,
    said: () => err,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await gone;
      clearTimeout(impatience);
      return child.exitCode;
    },
  };
}

/** Runs a command to its end. */
export async function runCommand(invocation: Invocation): Promise<Ended> {
  const child = spawnCommand(invocation);
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(patience);
  return { code: child.exitCode, stdout, stderr };
}

function spawnCommand({ args, env, descriptors }: Invocation): ChildProcess {
  const line = [process.execPath, join(root, 'src/main.ts'), ...args];
  const limited =
    descriptors === undefined ? line : ['/bin/sh', '-c', `ulimit -n ${descriptors}; exec "$0" "$@"`, ...line];
  const [command = '', ...rest] = limited;
  return spawn(command, rest, { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}
