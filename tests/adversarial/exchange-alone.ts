import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openSqliteRegistry } from '../../src/registry/registry.ts';
import { startExchangeCommand } from '../servers/exchange-command.ts';
import type { ExchangeCommand } from '../servers/exchange-command.ts';
import type { Fleet } from '../servers/fleet.ts';

/** How the server differs from one with the defaults. */
interface Alone {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files and sockets it may have open. */
  readonly descriptors?: number;
}

/** A `fullmakt exchange` on an embedded store of its own, ready, and the folder of its state. */
export async function startAlone(
  t: TestContext,
  fleet: Fleet,
  { args = [], env = {}, descriptors }: Alone = {},
): Promise<ExchangeCommand & { readonly dir: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'fullmakt-exchange-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const registry = await openSqliteRegistry(join(dir, 'registry.sqlite'), { now: () => Date.now() / 1000 });
  await fleet.register(registry);
  await registry.close();
  const server = await startExchangeCommand(['--dir', dir, ...args], { ...fleet.settings, ...env }, descriptors);
  t.after(() => server.stop('SIGKILL'));
  await fleet.served(server.origin);
  return { ...server, dir };
}

/** Has a server fail where nobody expects it, once it is told so by SIGUSR2: in `env`. */
export const FAULT_ON_SIGNAL: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    "process.on('SIGUSR2', () => void Promise.reject(new Error('a fault of the test')))",
  )}`,
};
