import type { RedisDriver } from './redis-driver.ts';
import type { NodeConnection } from './redis-node.ts';

/** Since when the server remembers, as far as that is known here. */
export interface Since {
  /** Seconds since the epoch; infinite while nothing is known. */
  known(): number;
  /** Asks the server, and leaves a mark there if there is none. Never rejects. */
  learn(): Promise<void>;
}

/** By a mark under a key, which is gone with everything else when the server is wiped. */
export function createSince(driver: RedisDriver, key: string): Since {
  let since = Number.POSITIVE_INFINITY;
  return {
    known: () => since,
    async learn() {
      try {
        let mark = await driver.ask(key, ['GET', key]);
        if (mark === null) {
          const time = await driver.ask(key, ['TIME']);
          const now = String(Array.isArray(time) ? time[0] : Number.NaN);
          mark = (await driver.ask(key, ['SET', key, now, 'NX', 'GET'])) ?? now;
        }
        const seconds = Number(String(mark));
        since = Number.isFinite(seconds) ? seconds : Number.POSITIVE_INFINITY;
      } catch {
        // Away, or this user may not write: then it is not known, or as it was.
      }
    },
  };
}

/** Why the server may drop records that have not run out; undefined when it does not, or does not say. */
export async function evictionOf(connection: NodeConnection): Promise<string | undefined> {
  try {
    const info = String(await connection.send(['INFO', 'memory']));
    const fact = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
    const [limit, policy] = [fact('maxmemory'), fact('maxmemory_policy')];
    if (limit === '0' || policy === '' || policy === 'noeviction') return undefined;
    return `the store drops records when its memory is full (maxmemory-policy ${policy}, not noeviction): that signs users out`;
  } catch {
    return undefined;
  }
}
