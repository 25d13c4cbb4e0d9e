import { createListeners } from './listeners.ts';
import type { Snapshot } from './model.ts';
import type { AuditRow, Registry } from './contract.ts';
import { applyChange, rowsOf, snapshotOf } from './rows.ts';
import { createMemoryReplicas } from './replicas.ts';
import { createMemorySigningKeyStore } from './signing-keys.ts';
import type { SnapshotData } from './snapshot.ts';
import { openSqlite } from './sqlite.ts';

export type { Registry } from './contract.ts';

/** A registry that ends with the process. `now` is seconds since the epoch; `initial` is what it starts with. */
export function createMemoryRegistry(options: {
  readonly now: () => number;
  readonly initial?: SnapshotData;
}): Registry {
  const empty: SnapshotData = {
    version: 0,
    wildcardGrants: 'network-only',
    apps: [],
    clients: [],
    grants: [],
    scopes: [],
  };
  let rows = rowsOf(options.initial ?? empty);
  let snapshot = snapshotOf(rows);
  const audit: AuditRow[] = [];
  const listeners = createListeners<Snapshot>();
  return {
    snapshot: () => snapshot,
    ageSeconds: () => 0,
    onChange: (listener) => listeners.add(listener),
    async commit(expectedVersion, change) {
      if (rows.version !== expectedVersion) return 'conflict';
      rows = applyChange(rows, change, options.now());
      snapshot = snapshotOf(rows);
      for (const entry of change.audit ?? []) audit.push({ ...entry, seq: audit.length + 1, at: options.now() });
      listeners.notify(snapshot);
      return 'ok';
    },
    keys: async (app) => [...rows.keys.values()].filter((key) => app === undefined || key.app === app),
    audit: async (limit) => audit.slice(-limit),
    signingKeys: createMemorySigningKeyStore(options.now),
    replicas: createMemoryReplicas(options.now),
    clockAheadSeconds: () => 0,
    async close() {},
  };
}

/** A registry in a file that several processes may share. Creates it (mode 0600) when there is none; throws RegistryUnavailable when the file is damaged or cannot be opened, and deletes nothing. `now` is seconds since the epoch. */
export function openSqliteRegistry(file: string, options: { readonly now: () => number }): Registry {
  return openSqlite(file, options);
}
