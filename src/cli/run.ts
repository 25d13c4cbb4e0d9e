import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Environment } from '../settings.ts';
import { findManifestFolder, UpError } from '../up/state-folder.ts';

/** What `fullmakt run` was asked to do. */
export interface RunRequest {
  /** `namespace/app`. */
  readonly app: string;
  readonly command: readonly string[];
  readonly dir: string | undefined;
  readonly cwd: string;
  readonly env: Environment;
}

const COMMAND_NOT_FOUND = 127;
const SIGNAL_BASE = 128;

/**
 * Runs a command with the app's complete environment, as `fullmakt up` wrote it; signals go to the command.
 * Resolves with its exit code (127: no such program). Throws UpError when the app's environment is not there.
 */
export async function run(request: RunRequest): Promise<number> {
  const own = readEnvironment(request);
  const path = [dirname(process.execPath), request.env['PATH']].filter(Boolean).join(delimiter);
  const [program = '', ...args] = request.command;
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: { ...request.env, ...own, PATH: path },
    cwd: request.cwd,
  });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  // The terminal sends Ctrl-C to the command too; we only have to outlive it to report its exit code.
  process.on('SIGINT', ignore).on('SIGTERM', pass).on('SIGHUP', pass);
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') return reject(error);
      process.stderr.write(`fullmakt run: ${program} not found\n`);
      resolve(COMMAND_NOT_FOUND);
    });
    child.once('exit', (code, signal) => resolve(code ?? SIGNAL_BASE + constants.signals[signal ?? 'SIGTERM']));
  });
}

function ignore(): void {}

function readEnvironment(request: RunRequest): Record<string, string> {
  const dir = findManifestFolder(request.dir, request.cwd);
  const file = join(dir, '.fullmakt', 'run', ...request.app.split('/'), 'env.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UpError(
      error instanceof Error && 'code' in error && error.code === 'ENOENT'
        ? `there is no environment for ${request.app} (${file}); is its manifest valid, and has \`fullmakt up ${dir}\` run?`
        : `the environment of ${request.app} cannot be read: ${String(error)}`,
    );
  }
}
