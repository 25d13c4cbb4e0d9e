import { randomUUID } from 'node:crypto';
import { StoreUnavailable } from './errors.ts';
import { watchFile } from './same-file.ts';
import { connect } from './sqlite-connection.ts';
import type { Connection } from './sqlite-connection.ts';
import { checkClaim, CHECK_SECONDS, expiredAlready, GRACE_SECONDS } from './replay.ts';
import type { ReplayStore } from './replay.ts';

/** `now` in seconds since the epoch. */
export interface EmbeddedReplayOptions {
  readonly now: () => number;
  /** For a new file only: since when nothing can have been used that it does not know; `now` unless given. */
  readonly since?: number;
  /** Largest size of the file, 1 GiB unless given; at that size claims reject. */
  readonly maxBytes?: number;
}

const MAX_BYTES = 1024 * 1024 * 1024;
const PAGE_BYTES = 4096;
/** How long a write may wait for another process; the event loop waits with it. */
const BUSY_MS = 200;

/**
 * A replay store in one SQLite file, on the disk before it answers; the processes of one machine may share it. It remembers
 * since the file was made. Throws StoreDamaged or StoreUnavailable when the file cannot be used.
 */
export function openEmbeddedReplay(file: string, options: EmbeddedReplayOptions): ReplayStore {
  const { now, maxBytes = MAX_BYTES } = options;
  const connection = connect(file, now, options.since);
  connection.prepare(`PRAGMA busy_timeout = ${BUSY_MS}`)();
  connection.prepare(`PRAGMA max_page_count = ${Math.ceil(maxBytes / PAGE_BYTES)}`)();
  const memory = createMemory(connection);
  const isSameFile = watchFile(file);
  // The row outlives its mark by the grace, so its own end says when it may go, and the mark's is that much earlier.
  const insert = connection.prepare(`INSERT INTO entries (key, value, version, expires_at) VALUES (?1, x'', 0, ?2)
    ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at WHERE entries.expires_at <= ?3 RETURNING 1`);

  const begin = oncePerTransaction(() => {
    // Else whoever opens the path later knows nothing of what is remembered here, and the other way round.
    if (!isSameFile()) throw new StoreUnavailable(`the store file ${file} was removed or replaced while it was in use`);
    return memory.tick();
  });
  const claim = async (key: string, expiresAt: number): Promise<'fresh' | 'seen'> => {
    checkClaim(key, expiresAt);
    connection.check(key);
    return connection
      .write(() => {
        const time = begin();
        if (expiresAt <= time) return 'expired';
        const row = insert(`once ${key}`, expiresAt + GRACE_SECONDS, time + GRACE_SECONDS);
        return row === undefined ? 'seen' : 'fresh';
      })
      .then((answer) => {
        if (answer === 'expired') throw expiredAlready();
        return answer;
      });
  };

  return {
    claim,
    rememberedSince: () => memory.since(),
    async check() {
      await claim(`check ${randomUUID()}`, now() + CHECK_SECONDS);
    },
    async close() {
      connection.close();
    },
  };
}

/** A transaction is one run of code without a turn for anybody else, so what it found out holds for all of its changes. */
function oncePerTransaction(look: () => number): () => number {
  let found: number | undefined;
  return () => {
    if (found === undefined) {
      found = look();
      queueMicrotask(() => (found = undefined));
    }
    return found;
  };
}

interface Memory {
  readonly since: () => number;
  /** The time of a write, and with it since when the file remembers. Only within a transaction. */
  readonly tick: () => number;
}

/** Notices a clock that was set back, in whichever process it was noticed first. */
function createMemory({ prepare, now, since: opened }: Connection): Memory {
  const read = prepare('SELECT value FROM facts WHERE name = ?');
  const write = prepare('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)');
  const fact = (name: string): number => Number(read(name)?.['value'] ?? 0);
  let since = opened;
  return {
    since: () => since,
    tick() {
      const time = now();
      const latest = fact('latest');
      if (time < latest - GRACE_SECONDS) write('remembered_since', time);
      if (time < latest - GRACE_SECONDS || time > latest + 1) write('latest', time);
      since = fact('remembered_since');
      return time;
    },
  };
}
