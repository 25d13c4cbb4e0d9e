import { PortTaken } from '../../src/web/listen.ts';
import { freePort } from '../servers/free-port.ts';

const ATTEMPTS = 5;

/**
 * Runs `start` with ports that were free a moment ago, because issuers and redirect URIs hold a port before anything listens on it;
 * when somebody else took one meanwhile, once more with others.
 */
export async function withFreePorts<T>(count: number, start: (ports: readonly number[]) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePorts(count));
    } catch (error) {
      if (!isTaken(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

/** Also of a program of its own, which says it in words. */
function isTaken(error: unknown): boolean {
  return error instanceof PortTaken || (error instanceof Error && / is already in use; set /.test(error.message));
}
