import { join } from 'node:path';
import type { Environment } from './settings.ts';
import { readSettings } from './settings.ts';
import { type Composition, compose } from './up/compose.ts';
import { readEnvFile } from './up/external.ts';
import { misspeltSettings } from './up/misspelt.ts';
import { upSettings } from './up/settings.ts';
import { claimStateFolder, findManifestFolder, openStateFolder, UpError } from './up/state-folder.ts';
import type { Summary } from './up/summary.ts';

/** How to run everything on one machine. */
export interface UpOptions {
  readonly dir: string | undefined;
  readonly cwd: string;
  readonly env: Environment;
  /** Apps, as `namespace/app`, whose dev command is not started. */
  readonly without: readonly string[];
  /** One line for the person at the terminal. */
  readonly notice: (line: string) => void;
  /** Settles when the person wants it to end, so that waiting for apps ends too. */
  readonly ended: Promise<unknown>;
}

/** A running platform. */
export interface RunningUp {
  readonly summary: Summary;
  /** Ends the apps, drains and closes every listener, and lets go of the state folder. */
  close(): Promise<void>;
}

/**
 * Starts every program of Fullmakt and the apps of a folder of manifests; resolves when all of them answer.
 * Rejects with a sentence that says what to do: no folder, state in use or damaged, a setting wrong, a port taken.
 */
export async function up(options: UpOptions): Promise<RunningUp> {
  const dir = findManifestFolder(options.dir, options.cwd);
  const stateDir = openStateFolder(dir);
  const owner = claimStateFolder(stateDir, { command: 'up', pid: process.pid, startedAt: new Date().toISOString() });
  let composition: Composition | undefined;
  try {
    const env = { ...readEnvFile(join(dir, 'fullmakt.env')), ...options.env };
    const config = readSettings(upSettings, env);
    if (!config.ok) throw new UpError(config.problems.join('\n'));
    for (const line of misspeltSettings(env)) options.notice(line);
    composition = await compose({ ...options, dir, stateDir, env, config: config.settings });
    const summary = await composition.ready(options.ended);
    return { summary, close: () => end(composition, owner.release) };
  } catch (error) {
    await end(composition, owner.release);
    throw error;
  }
}

async function end(composition: Composition | undefined, release: () => void): Promise<void> {
  await composition?.close();
  release();
}
