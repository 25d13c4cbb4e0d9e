import { join } from 'node:path';
import type { ServerConfig } from '../exchange/server-config.ts';
import type { AuditSink } from '../observe/audit.ts';
import { createAuditFile } from '../observe/audit-file.ts';
import { openPostgresAudit } from '../observe/audit-postgres.ts';
import { loadKeyWrapper } from '../registrar/kek.ts';
import type { Registry } from '../registry/contract.ts';
import type { RegistryEvent } from '../registry/events.ts';
import { createKeyRing, type KeyWrapper } from '../registry/key-wrapper.ts';
import { openSqliteRegistry } from '../registry/registry.ts';
import { createMemoryReplay } from '../store/replay-memory.ts';
import { openEmbeddedReplay } from '../store/replay-embedded.ts';
import { createPostgresReplay } from '../store/replay-postgres.ts';
import { createValkeyReplay } from '../store/replay-valkey.ts';
import type { ReplayStore } from '../store/replay.ts';
import { UpError } from '../up/state-folder.ts';
import { keyEncryptionKeys } from './exchange-settings.ts';

type Now = () => number;

const FILE_POLL_SECONDS = 0.5;

/** Opens the registry that the settings name, with somebody who hears how it fares. Rejects RegistryUnavailable. */
export async function openRegistry(
  config: ServerConfig,
  now: Now,
  onEvent: (event: RegistryEvent) => void = () => {},
): Promise<Registry> {
  const { stateDir, registryPollSeconds: pollSeconds } = config;
  if (config.store === 'embedded') {
    // A file tells nobody that it changed, and looking costs next to nothing.
    const often = Math.min(pollSeconds, FILE_POLL_SECONDS);
    return openSqliteRegistry(join(stateDir, 'registry.sqlite'), { now, pollSeconds: often, onEvent });
  }
  const { openPostgresRegistry } = await import('../registry/postgres.ts');
  return openPostgresRegistry(config.store, { now, pollSeconds, onEvent });
}

/**
 * Opens the replay store that the settings name; without one, where the registry is. With `isFirst` nobody can have used anything
 * that a new file does not know.
 */
export function openReplay(config: ServerConfig, now: Now, isFirst: boolean): ReplayStore {
  const where = config.replayStore ?? config.store;
  if (where === 'memory') return createMemoryReplay({ now });
  if (where === 'embedded')
    return openEmbeddedReplay(join(config.stateDir, 'replay.sqlite'), { now, ...(isFirst ? { since: 0 } : {}) });
  if (where.startsWith('postgres')) return createPostgresReplay({ url: where, now });
  return createValkeyReplay({ url: where.replace(/^valkey/, 'redis'), now });
}

/** Opens what keeps the decisions. Rejects AuditUnavailable. */
export async function openAudit(config: ServerConfig): Promise<AuditSink> {
  if (config.auditSink === 'postgres') return openPostgresAudit({ url: config.store });
  return createAuditFile(config.auditFile ?? join(config.stateDir, 'audit.jsonl'), {
    durability: config.auditDurability,
  });
}

/**
 * What seals the signing keys. The embedded store makes a key at its first start and keeps it beside itself (mode 0600); a shared
 * database never has one that nobody chose. Throws UpError, KeyEncryptionKeyUnusable.
 */
export function openWrapper(config: ServerConfig): KeyWrapper {
  const keys = keyEncryptionKeys(config);
  if (keys.length > 0) return createKeyRing(keys.map((key) => ({ key })));
  if (config.store === 'embedded') return loadKeyWrapper(join(config.stateDir, 'kek'));
  throw new UpError(
    'FULLMAKT_EXCHANGE_KEY_ENCRYPTION_KEYS is not set: with PostgreSQL it has to be, the same for every process. Make one with: openssl rand -base64 32',
  );
}
