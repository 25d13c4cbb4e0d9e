import { RegistryUnavailable } from '../../registry/contract.ts';
import { createTurns } from '../../registry/in-turn.ts';
import { refuse } from '../errors.ts';

/** Changes to the registry that requests ask for. */
export interface RegistryWrites {
  /**
   * Runs a change when it is its turn: each is planned on what the one before it wrote, and those of one process never
   * conflict. Throws `registry-unavailable` when the registry failed another one meanwhile, and after two seconds.
   */
  inTurn<T>(write: () => Promise<T>): Promise<T>;
}

const LONGEST_WAIT_MS = 2000;

/** The changes of one process. */
export function createRegistryWrites(): RegistryWrites {
  const turn = createTurns();
  let failedAt = Number.NEGATIVE_INFINITY;
  return {
    inTurn(write) {
      const askedAt = performance.now();
      return turn(async () => {
        // Each would wait as long as the one before it, and all in a row.
        if (failedAt > askedAt) throw refuse('registry-unavailable', 'the registry did not answer a moment ago');
        if (performance.now() - askedAt > LONGEST_WAIT_MS)
          throw refuse('registry-unavailable', 'too many changes wait to be written');
        try {
          return await write();
        } catch (error) {
          if (error instanceof Error && error.cause instanceof RegistryUnavailable) failedAt = performance.now();
          throw error;
        }
      });
    },
  };
}
