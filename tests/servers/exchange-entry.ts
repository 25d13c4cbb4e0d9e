import { createExchange } from '../../src/exchange/app.ts';
import { exchangeSettings } from '../../src/exchange/config.ts';
import { silent } from '../../src/observe/events.ts';
import type { Registry } from '../../src/registry/contract.ts';
import { createKeyWrapper } from '../../src/registry/key-wrapper.ts';
import { openSqliteRegistry } from '../../src/registry/registry.ts';
import { readSettings } from '../../src/settings.ts';
import { openEmbeddedReplay } from '../../src/store/replay-embedded.ts';
import { createMemoryReplay } from '../../src/store/replay-memory.ts';
import { createPostgresReplay } from '../../src/store/replay-postgres.ts';
import { createValkeyReplay } from '../../src/store/replay-valkey.ts';
import type { ReplayStore } from '../../src/store/replay.ts';
import { serve } from '../../src/web/serve.ts';
import type { ExchangeProcessOptions } from './exchange-process.ts';
import { reachRegistry } from './reach-registry.ts';

/** The child of exchange-process.ts: TokenX on a port of its own, told to the parent. */
const options: ExchangeProcessOptions = JSON.parse(process.argv[2] ?? '{}');
const now = (): number => Date.now() / 1000 + (options.clockAheadSeconds ?? 0);
const read = readSettings(exchangeSettings, {
  FULLMAKT_EXCHANGE_ISSUER: 'https://tx.example.test',
  ...options.settings,
});
if (!read.ok) throw new Error(read.problems.join('; '));
const registry = await openRegistry();
const replay = openReplay();
const program = await createExchange(read.settings, {
  registry,
  signingKeys: {
    store: registry.signingKeys,
    wrapper: createKeyWrapper(Buffer.from(options.kek, 'hex')),
    ...(options.leaseSeconds !== undefined && { leaseSeconds: options.leaseSeconds }),
    ...(options.revocationsFile !== undefined && { revocationsFile: options.revocationsFile }),
  },
  replay,
  fetch: (url, init) => fetch(url, init),
  now,
  emit: silent,
});
const [spec] = program.listeners;
if (spec === undefined) throw new Error('no listener');
const listener = await serve({ ...spec, host: '127.0.0.1', port: 0 });
process.once('SIGTERM', () => void end());
process.once('disconnect', () => process.exit());
process.send?.({ port: listener.port });

async function end(): Promise<void> {
  await listener.close(5);
  await program.close();
  await replay.close();
  await registry.close();
  process.exit();
}

async function openRegistry(): Promise<Registry> {
  if (options.registry.startsWith('postgres:')) return reachRegistry(options.registry, { now });
  return openSqliteRegistry(options.registry, { now });
}

/** Alone, it has forgotten nothing: assertions made before the start are good. */
function openReplay(): ReplayStore {
  if (options.replay?.startsWith('postgres:') === true) return createPostgresReplay({ url: options.replay, now });
  if (options.replay?.startsWith('redis:') === true) return createValkeyReplay({ url: options.replay, now });
  if (options.replay !== undefined) return openEmbeddedReplay(options.replay, { now, since: 0 });
  return { ...createMemoryReplay({ now }), rememberedSince: () => 0 };
}
