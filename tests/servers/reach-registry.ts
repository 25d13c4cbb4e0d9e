import { RegistryUnavailable } from '../../src/registry/contract.ts';
import type { RegistryChange } from '../../src/registry/contract.ts';
import { openPostgresRegistry } from '../../src/registry/postgres.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { until } from '../until.ts';

/** A registry in a database that is there: the first connection to it may take longer than a program waits on a busy machine. */
export function reachRegistry(...args: Parameters<typeof openPostgresRegistry>): Promise<Registry> {
  return reachedBy(() => openPostgresRegistry(...args));
}

/** The same, for whoever opens it in another way. */
export function reachedBy(open: () => Promise<Registry>): Promise<Registry> {
  return until(async () => {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof RegistryUnavailable && / timeout(?: expired)?$/.test(error.message))) throw error;
      return undefined;
    }
  });
}

/** Makes a change in a registry whose database is well, and says what came of it: a busy one may refuse it for want of time, and then nothing of it is there. */
export function commitTo(
  registry: Pick<Registry, 'commit'>,
  version: number,
  change: RegistryChange,
): Promise<'ok' | 'conflict'> {
  return until(async () => {
    try {
      return await registry.commit(version, change);
    } catch (error) {
      if (!(error instanceof RegistryUnavailable && error.outcome === 'unchanged')) throw error;
      return undefined;
    }
  }, 'the change');
}
