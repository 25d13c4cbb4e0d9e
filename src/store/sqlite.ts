import { createChannels } from './channels.ts';
import { connect } from './sqlite-connection.ts';
import { claims, indexes, records } from './sqlite-operations.ts';
import type { Store } from './store.ts';

/** `now` in seconds since the epoch. */
export interface SqliteStoreOptions {
  readonly now: () => number;
}

/**
 * A store in one file, which survives restarts and is on the disk before a write is acknowledged. Several processes
 * of one machine may open it, but what is published reaches this process only. Throws StoreDamaged for a file that is
 * no sound store of ours (left untouched), StoreUnavailable for one that cannot be opened or written.
 */
export function openSqliteStore(file: string, options: SqliteStoreOptions): Store {
  const connection = connect(file, options.now);
  const channels = createChannels();
  const ping = connection.prepare('SELECT 1 FROM facts LIMIT 1');
  return {
    ...records(connection),
    ...claims(connection),
    ...indexes(connection),
    async publish(channel, message) {
      connection.check(channel);
      channels.publish(channel, message);
    },
    subscribe(channel, listener) {
      connection.check(channel);
      return channels.subscribe(channel, listener);
    },
    async now() {
      connection.check('now');
      // A file that cannot be read is a store that is away.
      connection.read(() => ping());
      return options.now();
    },
    rememberedSince: () => connection.since,
    async close() {
      channels.close();
      connection.close();
    },
  };
}
