import module from 'node:module';
import type { Environment } from '../settings.ts';
import { checkSettings } from './check-settings.ts';
import { createNotices } from './notices.ts';
import { parseServerArguments } from './server-arguments.ts';
import { startSidecarAlone } from './sidecar-alone.ts';
import type { RunningSidecar } from './sidecar-alone.ts';
import { sidecarSetUp } from './sidecar-settings.ts';
import { describeSidecar, summariseSidecar } from './sidecar-summary.ts';
import { untilSignal } from './until-signal.ts';

/** What is still open so long after the signal is not waited for. */
const GONE_AFTER_MS = 30_000;
/** So long what is closed may take to end by itself. */
const LEFT_OVER_MS = 250;

/**
 * `fullmakt sidecar`: the token endpoints alone, until SIGINT or SIGTERM. SIGHUP reads the folders of credentials again;
 * without any it ends the sidecar too. Resolves with the exit code. Throws errors with exit
 * code 2 (usage) and 78 (settings), PortTaken, SocketTaken.
 */
export async function runSidecar(args: readonly string[], env: Environment, cwd: string): Promise<number> {
  const command = parseServerArguments('sidecar', args);
  if (command.check) return checkSettings(command, () => sidecarSetUp(command, env, cwd));
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
  await closeInTime(running);
  return 0;
}

/** Whatever hangs, the process is gone when its platform would end it anyway. */
async function closeInTime(running: RunningSidecar): Promise<void> {
  const cut = setTimeout(() => process.exit(0), GONE_AFTER_MS);
  await running.close();
  clearTimeout(cut);
  // Whatever still holds the process, a call that a collector never answers for one, is nobody's any more.
  setTimeout(() => process.exit(0), LEFT_OVER_MS).unref();
}
