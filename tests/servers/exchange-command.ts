import { runCommand, startCommand } from './command.ts';
import type { Ended, RunningCommand } from './command.ts';

/** What `fullmakt exchange --json` prints once ready. */
interface ExchangeSummary {
  readonly seconds: number;
  readonly pid: number;
  readonly workers: number;
  readonly issuer: string;
  readonly origins: readonly string[];
  readonly store: string;
  readonly replayStore: string;
  readonly audit: string;
}

/** A `fullmakt exchange` of its own. */
export interface ExchangeCommand extends RunningCommand<ExchangeSummary> {
  readonly origin: string;
}

/** Starts the server on a port of the system's choice; rejects with what it said when it ends instead. `descriptors`: how many files and sockets it may have open. */
export async function startExchangeCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  descriptors?: number,
): Promise<ExchangeCommand> {
  const running = await startCommand<ExchangeSummary>({
    args: ['exchange', '--json', ...args],
    env: { FULLMAKT_EXCHANGE_BIND: '127.0.0.1:0', ...env },
    descriptors,
  });
  return { ...running, origin: running.summary.origins[0] ?? '' };
}

/** Runs `fullmakt exchange …` to its end. */
export function runExchangeCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return runCommand({ args: ['exchange', ...args], env });
}
