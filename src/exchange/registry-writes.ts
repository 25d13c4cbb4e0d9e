import { createTurns } from '../registry/in-turn.ts';
import { refuse } from './errors.ts';

/** Changes to the registry that requests ask for. */
export interface RegistryWrites {
  /**
   * Runs a change when it is its turn: each is planned on what the one before it wrote, and those of one process never
   * conflict. Throws `registry-unavailable` for one that waited a second, since others after it wait, too.
   */
  inTurn<T>(write: () => Promise<T>): Promise<T>;
}

const LONGEST_WAIT_MS = 1000;

/** The changes of one process. */
export function createRegistryWrites(): RegistryWrites {
  const turn = createTurns();
  return {
    inTurn(write) {
      const askedAt = performance.now();
      return turn(async () => {
        if (performance.now() - askedAt > LONGEST_WAIT_MS)
          throw refuse('registry-unavailable', 'too many changes wait to be written');
        return write();
      });
    },
  };
}
