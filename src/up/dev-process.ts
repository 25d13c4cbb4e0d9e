import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { KeeperNews, Launch } from './keeper-protocol.ts';

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;
const STEADY_MS = 10_000;
const GRACE_MS = 3000;
const SHELL_COMMAND_NOT_FOUND = 127;

/** One supervised dev command. */
export interface DevProcess {
  /** Ends the whole process group: SIGTERM, and SIGKILL after three seconds. Resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Runs a dev command in a process group of its own, and again with growing delay when it ends.
 * A program that does not exist is said once and not tried again.
 */
export function superviseProcess(app: string, launch: Launch, tell: (news: KeeperNews) => void): DevProcess {
  let child: ChildProcess | undefined;
  let again: NodeJS.Timeout | undefined;
  let delayMs = FIRST_DELAY_MS;
  let stopping = false;

  const run = (): void => {
    const startedAt = Date.now();
    const running = spawnGroup(launch);
    child = running;
    if (running.pid !== undefined) tell({ kind: 'started', app, pid: running.pid });
    for (const stream of [running.stdout, running.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (text) => tell({ kind: 'output', app, text }));
    }
    running.once('error', (error: NodeJS.ErrnoException) => {
      child = undefined;
      if (error.code === 'ENOENT') tell({ kind: 'missing', app, program: programOf(launch) });
      else retry(`could not start: ${error.message}`, startedAt);
    });
    running.once('exit', (code, signal) => {
      if (running.pid === undefined) return;
      signalGroup(running.pid, 'SIGKILL');
      child = undefined;
      if (code === SHELL_COMMAND_NOT_FOUND && needsShell(launch.command))
        tell({ kind: 'missing', app, program: programOf(launch) });
      else retry(signal === null ? `exit code ${code ?? '?'}` : `signal ${signal}`, startedAt);
    });
  };

  const retry = (how: string, startedAt: number): void => {
    if (stopping) return;
    if (Date.now() - startedAt > STEADY_MS) delayMs = FIRST_DELAY_MS;
    tell({ kind: 'ended', app, how, againInMs: delayMs });
    again = setTimeout(run, delayMs);
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
  };

  run();
  return {
    stop: async (): Promise<void> => {
      stopping = true;
      clearTimeout(again);
      if (child !== undefined) await endGroup(child);
      tell({ kind: 'stopped', app });
    },
  };
}

function spawnGroup(launch: Launch): ChildProcess {
  const options = { cwd: launch.cwd, env: launch.env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] as const };
  const [program = '', ...args] = wordsOf(launch.command);
  return needsShell(launch.command)
    ? spawn(launch.command, { ...options, stdio: [...options.stdio], shell: true })
    : spawn(program, args, { ...options, stdio: [...options.stdio] });
}

function needsShell(command: string | readonly string[]): command is string {
  return typeof command === 'string' && !/^[\w@%+=:,./ -]+$/.test(command);
}

function wordsOf(command: string | readonly string[]): readonly string[] {
  return typeof command === 'string' ? command.trim().split(/ +/) : command;
}

function programOf(launch: Launch): string {
  return wordsOf(launch.command)[0] ?? '';
}

async function endGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  await new Promise<void>((resolve) => {
    const hard = setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MS);
    child.once('exit', () => {
      clearTimeout(hard);
      resolve();
    });
    signalGroup(pid, 'SIGTERM');
  });
}

/** A group that is gone already is what was wanted. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
