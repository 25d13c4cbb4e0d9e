import module from 'node:module';
import type { Environment } from '../settings.ts';
import { checkSettings } from './check-settings.ts';
import { closeWithin, thenEnd } from './end-in-time.ts';
import { createNotices } from './notices.ts';
import { parseServerArguments } from './server-arguments.ts';
import type { ServerCommand } from './server-arguments.ts';
import { startSidecarAlone } from './sidecar-alone.ts';
import type { RunningSidecar } from './sidecar-alone.ts';
import { sidecarSetUp } from './sidecar-settings.ts';
import { describeSidecar, summariseSidecar } from './sidecar-summary.ts';
import { untilSignal } from './until-signal.ts';

/** What is still open so long after the signal is not waited for. */
const GONE_AFTER_SECONDS = 30;

/**
 * `fullmakt sidecar`: the token endpoints alone, until SIGINT or SIGTERM. SIGHUP reads the folders of credentials again;
 * without any it ends the sidecar too. Resolves with the exit code. Throws errors with exit
 * code 2 (usage) and 78 (settings), PortTaken, SocketTaken.
 */
export async function runSidecar(args: readonly string[], env: Environment, cwd: string): Promise<number> {
  const command = parseServerArguments('sidecar', args);
  if (command.check) return checkSettings(command, () => sidecarSetUp(command, env, cwd));
  return thenEnd(() => serveSidecar(command, env, cwd));
}

async function serveSidecar(command: ServerCommand, env: Environment, cwd: string): Promise<number> {
  const setUp = await sidecarSetUp(command, env, cwd);
  const { notice, settings } = createNotices({ program: 'sidecar', format: 'json' }, () => Date.now() / 1000);
  for (const warning of setUp.warnings) notice(warning);
  const hasFolders = setUp.config.secretDirs.length > 0 || setUp.config.appsDir !== undefined;
  const ending = untilSignal(hasFolders ? ['SIGINT', 'SIGTERM'] : undefined);
  const started: { running?: RunningSidecar } = {};
  // Before the start: whoever tells of new credentials while it goes on must not end it. They are read when it is done anyway.
  if (hasFolders) process.on('SIGHUP', () => started.running?.readAgain());
  const running = await startSidecarAlone(setUp, { notice, ending });
  started.running = running;
  const summary = summariseSidecar(setUp, running, performance.now() / 1000);
  process.stdout.write(command.json ? `${JSON.stringify(summary, null, 2)}\n` : describeSidecar(summary));
  if (!command.json) settings(setUp.effective);
  // Now and not at the end: whoever kills this process should not have the next one strip all types again.
  module.flushCompileCache();
  notice(`${await ending}: stopping`, 'info');
  await closeWithin(GONE_AFTER_SECONDS, () => running.close());
  return 0;
}
