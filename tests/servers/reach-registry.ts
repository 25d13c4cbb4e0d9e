import { RegistryUnavailable } from '../../src/registry/contract.ts';
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
