import { changesFrom, followed, readNewest } from './changes.ts';
import type { Newest } from './changes.ts';
import type { Database } from './database.ts';
import type { RegistryEvent } from './events.ts';
import { createListeners } from './listeners.ts';
import { loadRows } from './load-rows.ts';
import type { Loaded } from './load-rows.ts';
import type { Snapshot } from './model.ts';
import { snapshotOf } from './snapshot.ts';

/** This process's picture of the rows, kept up with the database. */
export interface Follower {
  readonly loaded: Loaded;
  readonly snapshot: Snapshot;
  readonly ageSeconds: () => number;
  readonly clockAheadSeconds: () => number;
  readonly onChange: (listener: (snapshot: Snapshot) => void) => () => void;
  /** Takes over a newer version that this process made itself. */
  adopt(next: Loaded): void;
  /** Asks now; settles when the answer is in the picture, or none came. */
  check(): Promise<void>;
  /** Asks no more. */
  stop(): void;
}

/** How to follow. */
export interface FollowOptions {
  readonly now: () => number;
  readonly pollSeconds: number;
  readonly onEvent?: ((event: RegistryEvent) => void) | undefined;
  /** Settles when no commit of this process is on its way: what it wrote need not be read back. */
  readonly settled: () => Promise<void>;
}

/** Reads everything once and then follows: at each word from the database, and every `pollSeconds` in any case. */
export async function followRows(database: Database, options: FollowOptions): Promise<Follower> {
  let stopped = false;
  const tell = (event: RegistryEvent): void => {
    if (!stopped) options.onEvent?.(event);
  };
  const listeners = createListeners<Snapshot>();
  let confirmedAt = performance.now();
  let loaded = await database.read(loadRows);
  let snapshot = snapshotOf(loaded.rows);
  let [ahead, reachable] = [0, true];

  const adopt = (next: Loaded): void => {
    const isNewer = next.rows.version > loaded.rows.version;
    if (!isNewer && (next.rows.version < loaded.rows.version || next.stamp === loaded.stamp)) return;
    loaded = next;
    snapshot = snapshotOf(next.rows);
    try {
      listeners.notify(snapshot);
    } catch (error) {
      // The rows have changed, whoever was told: it is no failure of the change.
      tell({ event: 'registry.listener_failed', error });
    }
  };
  const catchUp = async (newest: Newest): Promise<void> => {
    if (isSeen(newest, loaded)) return;
    const from = loaded;
    const next = followed(from, await database.watch((sql) => changesFrom(sql, from.rows.version)));
    if (next !== undefined && isSeen(newest, next)) return adopt(next);
    await options.settled();
    if (isSeen(newest, loaded)) return;
    adopt(await database.read(loadRows));
    tell({ event: 'registry.reloaded', version: loaded.rows.version });
  };
  const look = async (): Promise<void> => {
    const [asked, askedAt, seen] = [performance.now(), options.now(), loaded.rows.version];
    try {
      const newest = await database.watch((sql) => readNewest(sql, database.dialect));
      ahead = newest.clock === undefined ? 0 : (askedAt + options.now()) / 2 - newest.clock;
      if (newest.generation < seen) return tell({ event: 'registry.older', version: newest.generation, seen });
      await catchUp(newest);
      confirmedAt = Math.max(confirmedAt, asked);
      if (!reachable) tell({ event: 'registry.reachable' });
      reachable = true;
    } catch (error) {
      // The age of the picture tells; the next read or write says what is wrong.
      if (reachable) tell({ event: 'registry.unreachable', message: String(error) });
      reachable = false;
    }
  };
  const check = oneAtATime(look);
  database.onNews(() => void check());
  const timer = setInterval(() => void check(), options.pollSeconds * 1000);
  timer.unref();
  return {
    get loaded() {
      return loaded;
    },
    get snapshot() {
      return snapshot;
    },
    ageSeconds: () => (performance.now() - confirmedAt) / 1000,
    clockAheadSeconds: () => ahead,
    onChange: (listener) => listeners.add(listener),
    adopt,
    check,
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/** Whether the picture is of this version or a later one, and of the same history. */
function isSeen({ generation, stamp }: Newest, { rows, stamp: known }: Loaded): boolean {
  return rows.version > generation || (rows.version === generation && known === stamp);
}

/** Runs a step that never rejects; whoever asks while it runs waits for one more run, the same for all of them. */
function oneAtATime(step: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = async (): Promise<void> => {
    await step();
    running = undefined;
  };
  const ask = (): Promise<void> => {
    if (running === undefined) return (running = start());
    next ??= running.then(() => {
      next = undefined;
      return ask();
    });
    return next;
  };
  return ask;
}
