import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ADMIN_AUDIENCE, selfSigned } from '../../src/exchange/testing/operators.ts';
import { sign } from '../../src/exchange/testing/world.ts';
import { generatePrivateJwk } from '../../src/oauth/jwk.ts';
import type { Registry } from '../../src/registry/contract.ts';
import { openSqliteRegistry } from '../../src/registry/registry.ts';
import { startExchangeCommand } from '../servers/exchange-command.ts';
import type { ExchangeCommand } from '../servers/exchange-command.ts';
import { createFleet } from '../servers/fleet.ts';
import type { Fleet } from '../servers/fleet.ts';
import { until } from '../until.ts';
import { reachRegistry } from '../servers/reach-registry.ts';

/** Servers of one installation, each a `fullmakt exchange` of its own, and the registry they serve from. */
export interface Installation {
  readonly fleet: Fleet;
  /** Writes as a registrar beside the servers would. */
  readonly registry: Registry;
  /** One more server; `change` goes over the settings all have. Resolves once it exchanges a token. */
  start(change?: Readonly<Record<string, string>>, args?: readonly string[]): Promise<ExchangeCommand>;
  /** Several, side by side. */
  startAll(count: number): Promise<readonly ExchangeCommand[]>;
  /** A token of an operator that may do everything. */
  operator(): Promise<string>;
}

/** An installation on one PostgreSQL database. */
export async function installOnPostgres(
  t: TestContext,
  url: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Installation> {
  const registry = await reachRegistry(url, { now });
  return install(t, registry, {
    FULLMAKT_EXCHANGE_STORE: url,
    FULLMAKT_EXCHANGE_KEY_ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
    ...env,
  });
}

/** An installation in one folder: one server at a time, with as many workers as it likes. */
export async function installInFolder(
  t: TestContext,
  env: Readonly<Record<string, string>> = {},
): Promise<Installation> {
  const dir = folder(t);
  const registry = await openSqliteRegistry(join(dir, 'registry.sqlite'), { now });
  return install(t, registry, { FULLMAKT_EXCHANGE_STATE_DIR: dir, ...env });
}

async function install(
  t: TestContext,
  registry: Registry,
  common: Readonly<Record<string, string>>,
): Promise<Installation> {
  t.after(() => registry.close());
  const [fleet, chief] = await Promise.all([createFleet(), generatePrivateJwk('RS256', 'chief-1')]);
  await fleet.register(registry);
  const settings = {
    ...fleet.settings,
    FULLMAKT_EXCHANGE_OPERATORS: JSON.stringify([selfSigned(chief)]),
    FULLMAKT_EXCHANGE_LOG_LEVEL: 'error',
    ...common,
  };
  const start: Installation['start'] = async (change = {}, args = []) => {
    const own = 'FULLMAKT_EXCHANGE_STATE_DIR' in settings ? {} : { FULLMAKT_EXCHANGE_STATE_DIR: folder(t) };
    const server = await until(async () => {
      try {
        return await startExchangeCommand(args, { ...settings, ...own, ...change });
      } catch (error) {
        // The first connection to the database may take longer than a server waits on a busy machine.
        if (!/registry at .* cannot be used: .* timeout/.test(String(error))) throw error;
        return undefined;
      }
    }, 'a server that starts');
    t.after(() => server.stop('SIGKILL'));
    await fleet.served(server.origin);
    return server;
  };
  return {
    fleet,
    registry,
    start,
    startAll: (count) => Promise.all(Array.from({ length: count }, () => start())),
    operator() {
      const iat = Math.floor(now());
      return sign({ iss: 'chief', sub: 'chief', aud: ADMIN_AUDIENCE, iat, exp: iat + 300 }, chief);
    },
  };
}

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'fullmakt-replicas-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Whether a server says that it can answer token requests. */
export async function isReady(origin: string): Promise<boolean> {
  try {
    const response = await fetch(`${origin}/readyz`);
    await response.text();
    return response.status === 200;
  } catch {
    return false;
  }
}

function now(): number {
  return Date.now() / 1000;
}
