import module from 'node:module';
import type { Environment } from '../settings.ts';
import { checkSettings } from './check-settings.ts';
import { startLoginAlone } from './login-alone.ts';
import type { RunningLogin } from './login-alone.ts';
import { parseServerArguments } from './server-arguments.ts';
import type { ServerCommand } from './server-arguments.ts';
import { closeWithin, thenEnd } from './end-in-time.ts';
import { createNotices } from './notices.ts';
import { loginSetUp } from './login-settings.ts';
import { describeLogin, summariseLogin } from './login-summary.ts';
import { untilSignal } from './until-signal.ts';

/** What is still open so long after everything had to be over is not waited for. */
const MARGIN_SECONDS = 2;

/**
 * `fullmakt login`: the login proxy alone, until SIGINT or SIGTERM. SIGHUP reads the file of session keys again; without one it
 * ends the proxy too. Resolves with the exit code. Throws errors with exit code 2 (usage) and 78 (settings), PortTaken.
 */
export async function runLogin(args: readonly string[], env: Environment, cwd: string): Promise<number> {
  const command = parseServerArguments('login', args);
  if (command.check) return checkSettings(command, () => loginSetUp(command, env, cwd));
  return thenEnd(() => serveLogin(command, env, cwd));
}

async function serveLogin(command: ServerCommand, env: Environment, cwd: string): Promise<number> {
  const setUp = await loginSetUp(command, env, cwd);
  const { notice, settings } = createNotices(
    { program: 'login', format: setUp.server.logFormat },
    () => Date.now() / 1000,
  );
  for (const warning of setUp.warnings) notice(warning);
  const isWatched = setUp.server.sessionKeysFile !== undefined;
  const ending = untilSignal(isWatched ? ['SIGINT', 'SIGTERM'] : undefined);
  const started: { running?: RunningLogin } = {};
  // Before the start: whoever tells of new keys while it goes on must not end it. Keys are read when it is done anyway.
  if (isWatched) process.on('SIGHUP', () => started.running?.readKeysAgain());
  const running = await startLoginAlone(setUp, notice, cwd);
  started.running = running;
  const summary = summariseLogin(setUp, running.origins, performance.now() / 1000);
  process.stdout.write(command.json ? `${JSON.stringify(summary, null, 2)}\n` : describeLogin(summary));
  if (!command.json) settings(setUp.effective);
  // Now and not at the end: whoever kills this process should not have the next one strip all types again.
  module.flushCompileCache();
  notice(`${await ending}: stopping`, 'info');
  await closeWithin(setUp.config.shutdown.graceSeconds + MARGIN_SECONDS, () => running.close());
  return 0;
}
