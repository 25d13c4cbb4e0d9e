import type { AppId } from './app-id.ts';
import { KeyStateConflict, RegistryUnavailable } from './contract.ts';
import type { RegistryChange } from './contract.ts';
import type { KeyRow } from './key-row.ts';
import { clientKey } from './rows.ts';
import type { Rows } from './rows.ts';

/** A client id names one app at a provider: a second one would be taken for the first. Throws RegistryUnavailable. */
export function refuseTakenIds(rows: Rows, change: RegistryChange): void {
  const owners = new Map<string, AppId>();
  const gone = new Set<AppId>(change.removeApps);
  const replaced = new Set([...(change.removeClients ?? []), ...(change.putClients ?? [])].map(keyOf));
  for (const { app, provider, clientId } of change.putClients ?? []) {
    const id = clientKey(provider, clientId);
    const before = rows.clientIds.get(id);
    const keeps = before !== undefined && !gone.has(before.app) && !replaced.has(keyOf(before));
    const owner = owners.get(id) ?? (keeps ? before.app : undefined);
    if (owner !== undefined && owner !== app)
      throw new RegistryUnavailable(`${app} and ${owner} have one client id at ${provider}`);
    owners.set(id, app);
  }
}

function keyOf({ app, provider }: { readonly app: AppId; readonly provider: string }): string {
  return clientKey(provider, app);
}

/** The apps whose keys a change writes. */
export function appsWithNewKeys(change: RegistryChange): readonly AppId[] {
  return [...new Set((change.putKeys ?? []).map(({ app }) => app))];
}

/** At most one `current` and one `next` per client and kind, at all times. `keys` are those of the apps whose keys the change writes. Throws KeyStateConflict. */
export function refuseDoubleKeys(keys: readonly KeyRow[], change: RegistryChange): void {
  const after = new Map(
    keys.filter(({ app }) => change.removeApps?.includes(app) !== true).map((key) => [key.kid, key]),
  );
  for (const kid of change.removeKeys ?? []) after.delete(kid);
  for (const key of change.putKeys ?? []) after.set(key.kid, key);
  const seen = new Set<string>();
  for (const { app, provider, kind, state } of after.values()) {
    if (state !== 'current' && state !== 'next') continue;
    const slot = `${app} ${provider} ${kind} ${state}`;
    if (seen.has(slot)) throw new KeyStateConflict(`two ${state} keys of ${app} at ${provider}`);
    seen.add(slot);
  }
}
