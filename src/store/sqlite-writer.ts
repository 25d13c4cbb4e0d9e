import type { DatabaseSync } from 'node:sqlite';

/** Runs changes in order, those that come together in one transaction. */
export interface Writer {
  /** Settles after the commit; rejects, with every change of the same transaction, when it fails. */
  readonly write: <T>(change: () => T) => Promise<T>;
  /** Commits what waits, at once. */
  readonly flush: () => void;
}

interface Waiting {
  readonly run: () => void;
  readonly settle: () => void;
  readonly reject: (error: unknown) => void;
}

/** How long the first of them waits for others at most, in milliseconds. */
const GATHER_MS = 2;

/**
 * One commit costs a wait for the disk, so changes share one as long as each turn of the event loop brings more of them.
 * `before` runs first in each transaction, `asError` names what went wrong.
 */
export function createWriter(options: {
  database: DatabaseSync;
  before: () => void;
  asError: (error: unknown) => Error;
}): Writer {
  const { database, before, asError } = options;
  let waiting: Waiting[] = [];
  /** When the first of those that wait came, on the monotonic clock, in milliseconds. */
  let firstAt = 0;

  const commit = (batch: readonly Waiting[]): void => {
    database.exec('BEGIN IMMEDIATE');
    try {
      before();
      for (const change of batch) change.run();
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      commit(batch);
    } catch (error) {
      const known = asError(error);
      for (const change of batch) change.reject(known);
      return;
    }
    for (const change of batch) change.settle();
  };

  const gather = (known: number): void => {
    if (waiting.length === known || performance.now() - firstAt >= GATHER_MS) flush();
    else setImmediate(gather, waiting.length);
  };

  return {
    flush,
    write<T>(change: () => T): Promise<T> {
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      let result: { readonly value: T } | undefined;
      if (waiting.length === 0) {
        firstAt = performance.now();
        setImmediate(gather, 0);
      }
      waiting.push({
        run: () => {
          result = { value: change() };
        },
        settle: () => {
          if (result !== undefined) resolve(result.value);
        },
        reject,
      });
      return promise;
    },
  };
}
