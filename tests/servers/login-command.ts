import type { LoginSummary } from '../../src/cli/login-summary.ts';
import { runCommand, startCommand } from './command.ts';
import type { Ended, RunningCommand } from './command.ts';

/** A `fullmakt login` of its own. */
export interface LoginCommandProcess extends RunningCommand<LoginSummary> {
  /** Where browsers reach it without anything in between. */
  readonly origin: string;
  /** Where its figures and health are; empty when it has no such listener. */
  readonly metrics: string;
}

/**
 * Starts the proxy on ports of the system's choice, on loopback; rejects with what it said when it ends instead. `descriptors`: how
 * many files and sockets it may have open.
 */
export async function startLoginCommand(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  descriptors?: number,
): Promise<LoginCommandProcess> {
  // An environment of Wonderwall's names says itself where.
  const addresses =
    'WONDERWALL_BIND_ADDRESS' in env
      ? {}
      : {
          FULLMAKT_LOGIN_BIND_ADDRESS: '127.0.0.1:0',
          FULLMAKT_LOGIN_METRICS_BIND_ADDRESS: '127.0.0.1:0',
        };
  const running = await startCommand<LoginSummary>({
    args: ['login', '--json', ...args],
    env: { ...addresses, ...env },
    descriptors,
  });
  const { proxy, metrics } = running.summary.origins;
  return { ...running, origin: proxy, metrics: metrics ?? '' };
}

/** Runs `fullmakt login …` to its end. */
export function runLoginCommand(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return runCommand({ args: ['login', ...args], env });
}
