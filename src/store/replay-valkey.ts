import { randomUUID } from 'node:crypto';
import { StoreUnavailable } from './errors.ts';
import { openRedis } from './redis-connection.ts';
import type { ReplayConnection } from './redis-connection.ts';
import { createLink } from './replay-link.ts';
import { checkClaim, checkClocks, CHECK_SECONDS, expiredAlready } from './replay.ts';
import type { ReplayStore } from './replay.ts';

/** `now` is our own clock, in seconds since the epoch: a server that is far from it is not ready. */
export interface ValkeyReplayOptions {
  readonly url: string;
  readonly now: () => number;
}

/**
 * A replay store in Valkey or Redis, shared by any number of processes; it goes by the server's clock. It remembers since the
 * server process started, and since it was last wiped. Connects in the background: claims reject until it has, and while the
 * server is away.
 */
export function createValkeyReplay({ url, now }: ValkeyReplayOptions): ReplayStore {
  const link = createLink('the replay store in Valkey', openRedis(url));
  let since = Number.POSITIVE_INFINITY;
  let serverTime = Number.NaN;

  const claimOn = async (connection: ReplayConnection, key: string, expiresAt: number): Promise<'fresh' | 'seen'> => {
    let answer = await connection.claim(key, expiresAt);
    if (answer.told === 'lost') {
      await connection.begin();
      answer = await connection.claim(key, expiresAt);
    }
    since = connection.since();
    serverTime = answer.serverTime;
    if (answer.told === 'lost') throw new StoreUnavailable('the server was wiped twice in a moment');
    if (answer.told === 'expired') throw expiredAlready();
    return answer.told;
  };
  const claim = async (key: string, expiresAt: number): Promise<'fresh' | 'seen'> => {
    checkClaim(key, expiresAt);
    return link.ask((connection) =>
      claimOn(connection, key, expiresAt).catch((error: unknown) => {
        // What was the first of the servers is no longer: connect to the one that is.
        if (error instanceof Error && error.message.startsWith('READONLY')) link.drop(connection, error);
        throw error;
      }),
    );
  };
  return {
    claim,
    rememberedSince: () => since,
    async check() {
      await link.ask((connection) => connection.verify());
      await claim(`check ${randomUUID()}`, now() + CHECK_SECONDS);
      checkClocks(serverTime, now());
    },
    close: () => link.close(),
  };
}
