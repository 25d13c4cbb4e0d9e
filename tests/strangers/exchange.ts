import { randomBytes } from 'node:crypto';
import { createExchange } from '../../src/exchange/app.ts';
import { exchangeSettings } from '../../src/exchange/config.ts';
import { silent } from '../../src/observe/events.ts';
import type { Fetch } from '../../src/oauth/fetch.ts';
import type { Registry } from '../../src/registry/contract.ts';
import { createKeyWrapper } from '../../src/registry/key-wrapper.ts';
import { readSettings } from '../../src/settings.ts';
import { createMemoryReplay } from '../../src/store/replay-memory.ts';
import { now as realNow, run } from './providers.ts';
import { withFreePorts } from './ports.ts';

/** TokenX, running. */
export interface Exchange {
  readonly issuer: string;
  close(): Promise<void>;
}

/** What TokenX is started with; `path` stands behind the origin of its issuer. */
export interface ExchangeOptions {
  readonly registry: Registry;
  readonly fetch: Fetch;
  readonly issuers: readonly Readonly<Record<string, unknown>>[];
  readonly path?: string;
  /** The real clock unless given. */
  readonly now?: () => number;
}

/** Starts TokenX on a free port, with keys made for this run. Close it, or the process stays. */
export async function startExchange(options: ExchangeOptions): Promise<Exchange> {
  const { registry, fetch, now = realNow } = options;
  // It remembers since before the first assertion was made.
  const replay = { ...createMemoryReplay({ now }), rememberedSince: () => 0 };
  const { issuer, stop } = await withFreePorts(1, async ([port]) => {
    const config = configFor(`http://localhost:${port}${options.path ?? ''}`, `localhost:${port}`, options.issuers);
    const program = await createExchange(config, {
      registry,
      signingKeys: { store: registry.signingKeys, wrapper: createKeyWrapper(randomBytes(32)) },
      replay,
      fetch,
      now,
      emit: silent,
    });
    return { issuer: program.issuer, ...(await run(program)) };
  });
  return {
    issuer,
    close: async () => {
      await stop();
      await replay.close();
    },
  };
}

function configFor(
  issuer: string,
  bind: string,
  issuers: ExchangeOptions['issuers'],
): Parameters<typeof createExchange>[0] {
  const read = readSettings(exchangeSettings, {
    FULLMAKT_EXCHANGE_ISSUER: issuer,
    FULLMAKT_EXCHANGE_BIND: bind,
    FULLMAKT_EXCHANGE_ISSUERS: JSON.stringify(issuers),
  });
  if (!read.ok) throw new Error(read.problems.join('; '));
  return read.settings;
}
