import type { Environment } from '../settings.ts';
import { describeSummary } from '../up/summary.ts';
import { up } from '../up.ts';
import { closeWithin, thenEnd } from './end-in-time.ts';
import { untilSignal } from './until-signal.ts';

/** What `fullmakt up` was asked to do. */
export interface UpCommand {
  readonly dir: string | undefined;
  readonly json: boolean;
  readonly without: readonly string[];
}

/** More than dev commands and requests that were begun may take to end, one after the other. */
const GONE_AFTER_SECONDS = 15;

/** Runs `up` until SIGINT, SIGTERM or SIGHUP; a second signal does not wait for anybody. */
export async function runUp(command: UpCommand, env: Environment, cwd: string): Promise<number> {
  return thenEnd(() => serveUp(command, env, cwd));
}

async function serveUp(command: UpCommand, env: Environment, cwd: string): Promise<number> {
  const ended = untilSignal();
  const running = await up({ ...command, env, cwd, notice, ended });
  const { summary } = running;
  process.stdout.write(command.json ? `${JSON.stringify(summary, null, 2)}\n` : describeSummary(summary));
  const signal = await ended;
  notice(`${signal}: stopping`);
  await closeWithin(GONE_AFTER_SECONDS, () => running.close());
  return 0;
}

function notice(line: string): void {
  process.stderr.write(`${line}\n`);
}
