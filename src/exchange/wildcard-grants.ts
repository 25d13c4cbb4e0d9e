import { RegistryUnavailable } from '../registry/contract.ts';
import type { Registry } from '../registry/contract.ts';
import type { WildcardGrants } from '../registry/model.ts';

const ATTEMPTS = 10;

/** Has the registry say whether a `*` in an inbound rule gives tokens, where this server is told. Rejects RegistryUnavailable. */
export async function setWildcardGrants(registry: Registry, wanted: WildcardGrants | undefined): Promise<void> {
  if (wanted === undefined) return;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { version, wildcardGrants } = registry.snapshot();
    if (wildcardGrants === wanted) return;
    const audit = [{ actor: 'settings', action: 'wildcard-grants', detail: { wildcardGrants: wanted } }];
    // oxlint-disable-next-line no-await-in-loop -- another process may have written meanwhile
    if ((await registry.commit(version, { wildcardGrants: wanted, audit })) === 'ok') return;
  }
  // Served with another rule than the one set, a pattern would give tokens that nobody meant.
  throw new RegistryUnavailable('the registry is changed by others without end');
}
