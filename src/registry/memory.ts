import type { AppId } from './app-id.ts';
import type { AuditRow, Registry, RegistryChange } from './contract.ts';
import type { KeyRow } from './key-row.ts';
import { createListeners } from './listeners.ts';
import type { Snapshot } from './model.ts';
import { createMemoryReplicas } from './replicas.ts';
import { changedRows, emptyRows } from './rows.ts';
import { createMemorySigningKeyStore } from './signing-keys.ts';
import { rowsOf, snapshotOf } from './snapshot.ts';
import type { SnapshotData } from './snapshot.ts';
import { refuseDoubleKeys, refuseTakenIds } from './uniqueness.ts';

/** See createMemoryRegistry. */
export function createMemory(options: { readonly now: () => number; readonly initial?: SnapshotData }): Registry {
  let rows = options.initial === undefined ? emptyRows() : rowsOf(options.initial);
  let snapshot = snapshotOf(rows);
  const keys = new Map<string, KeyRow>();
  const audit: AuditRow[] = [];
  const listeners = createListeners<Snapshot>();
  const keysOf = (app?: AppId): readonly KeyRow[] =>
    [...keys.values()].filter((key) => app === undefined || key.app === app);
  return {
    snapshot: () => snapshot,
    refresh: async () => snapshot,
    ageSeconds: () => 0,
    onChange: (listener) => listeners.add(listener),
    async commit(expectedVersion, change) {
      if (rows.version !== expectedVersion) return 'conflict';
      refuseTakenIds(rows, change);
      if (change.putKeys !== undefined) refuseDoubleKeys(keysOf(), change);
      rows = changedRows(rows, change, { version: rows.version + 1, at: options.now() });
      changeKeys(keys, change);
      snapshot = snapshotOf(rows);
      for (const entry of change.audit ?? []) audit.push({ ...entry, seq: audit.length + 1, at: options.now() });
      listeners.notify(snapshot);
      return 'ok';
    },
    keys: async (app) => keysOf(app),
    audit: async (limit) => audit.slice(-limit),
    signingKeys: createMemorySigningKeyStore(options.now),
    replicas: createMemoryReplicas(options.now),
    clockAheadSeconds: () => 0,
    async close() {},
  };
}

function changeKeys(keys: Map<string, KeyRow>, change: RegistryChange): void {
  const gone = new Set<AppId>(change.removeApps);
  if (gone.size > 0) for (const { kid, app } of keys.values()) if (gone.has(app)) keys.delete(kid);
  for (const kid of change.removeKeys ?? []) keys.delete(kid);
  for (const key of change.putKeys ?? []) keys.set(key.kid, key);
}
