import module from 'node:module';
import type { Environment } from '../settings.ts';
import { startLoginAlone } from './login-alone.ts';
import type { RunningLogin } from './login-alone.ts';
import { parseLoginArguments } from './login-arguments.ts';
import { loginSetUp } from './login-settings.ts';
import type { LoginSetUp } from './login-settings.ts';
import { describeLogin, summariseLogin } from './login-summary.ts';
import { untilSignal } from './until-signal.ts';

/** What is still open so long after everything had to be over is not waited for. */
const MARGIN_SECONDS = 2;

/**
 * `fullmakt login`: the login proxy alone, until SIGINT or SIGTERM. SIGHUP reads the file of session keys again; without one it
 * ends the proxy too. Resolves with the exit code. Throws errors with exit code 2 (usage) and 78 (settings), PortTaken.
 */
export async function runLogin(args: readonly string[], env: Environment, cwd: string): Promise<number> {
  const command = parseLoginArguments(args);
  const setUp = await loginSetUp(command, env, cwd);
  for (const warning of setUp.warnings) notice(warning);
  if (command.check) {
    process.stdout.write(checked(setUp, command.json));
    return 0;
  }
  const isWatched = setUp.server.sessionKeysFile !== undefined;
  const ending = untilSignal(isWatched ? ['SIGINT', 'SIGTERM'] : undefined);
  const running = await startLoginAlone(setUp, notice, cwd);
  if (isWatched) process.on('SIGHUP', () => running.readKeysAgain());
  const summary = summariseLogin(setUp, running.origins, performance.now() / 1000);
  process.stdout.write(command.json ? `${JSON.stringify(summary, null, 2)}\n` : describeLogin(summary));
  if (!command.json) notice(JSON.stringify({ settings: setUp.effective }));
  // Now and not at the end: whoever kills this process should not have the next one strip all types again.
  module.flushCompileCache();
  notice(`${await ending}: stopping`);
  await closeInTime(running, setUp);
  return 0;
}

/** Whatever hangs, the process is gone when its platform would end it anyway. */
async function closeInTime(running: RunningLogin, { config }: LoginSetUp): Promise<void> {
  const cut = setTimeout(() => process.exit(0), (config.shutdown.graceSeconds + MARGIN_SECONDS) * 1000);
  await running.close();
  clearTimeout(cut);
}

function checked({ effective, warnings }: LoginSetUp, json: boolean): string {
  if (json) return `${JSON.stringify({ ok: true, warnings, settings: effective }, null, 2)}\n`;
  return `the settings are usable\n${JSON.stringify(effective, null, 2)}\n`;
}

function notice(line: string): void {
  process.stderr.write(`${line}\n`);
}
