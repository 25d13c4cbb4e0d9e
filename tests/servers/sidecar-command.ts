import type { SidecarSummary } from '../../src/cli/sidecar-summary.ts';
import { runCommand, startCommand } from './command.ts';
import type { Ended, RunningCommand } from './command.ts';

/** A `fullmakt sidecar` of its own. */
export interface SidecarCommandProcess extends RunningCommand<SidecarSummary> {
  /** Where its application reaches it; empty where that is a socket. */
  readonly origin: string;
  /** Where its probes and figures are. */
  readonly probes: string;
}

/**
 * Starts the sidecar on ports of the system's choice, on loopback; rejects with what it said when it ends instead. `descriptors`: how
 * many files and sockets it may have open.
 */
export async function startSidecarCommand(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  descriptors?: number,
): Promise<SidecarCommandProcess> {
  const addresses = { BIND_ADDRESS: '127.0.0.1:0', PROBE_BIND_ADDRESS: '127.0.0.1:0' };
  const running = await startCommand<SidecarSummary>({
    args: ['sidecar', '--json', ...args],
    env: { ...addresses, ...env },
    descriptors,
  });
  const { api, probes } = running.summary.origins;
  return { ...running, origin: api ?? '', probes: probes ?? '' };
}

/** Runs `fullmakt sidecar …` to its end. */
export function runSidecarCommand(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return runCommand({ args: ['sidecar', ...args], env });
}
