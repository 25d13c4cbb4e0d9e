import type { Environment } from '../settings.ts';
import { describeSummary } from '../up/summary.ts';
import { up } from '../up.ts';
import { untilSignal } from './until-signal.ts';

/** What `fullmakt up` was asked to do. */
export interface UpCommand {
  readonly dir: string | undefined;
  readonly json: boolean;
  readonly without: readonly string[];
}

/** Runs `up` until SIGINT, SIGTERM or SIGHUP; a second signal does not wait for anybody. */
export async function runUp(command: UpCommand, env: Environment, cwd: string): Promise<number> {
  const ended = untilSignal();
  const running = await up({ ...command, env, cwd, notice, ended });
  const { summary } = running;
  process.stdout.write(command.json ? `${JSON.stringify(summary, null, 2)}\n` : describeSummary(summary));
  const signal = await ended;
  notice(`${signal}: stopping`);
  await running.close();
  return 0;
}

function notice(line: string): void {
  process.stderr.write(`${line}\n`);
}
