import { StoreUnavailable } from './errors.ts';
import { startAttempt } from './replay-attempt.ts';
import type { Attempt, Open } from './replay-attempt.ts';

/** One connection to a server, made again whenever it is lost. */
export interface Link<C> {
  /**
   * Asks the server, and rejects with StoreUnavailable when there is no answer within 250 ms: at once while the server is
   * known to be away.
   */
  ask<T>(question: (connection: C) => Promise<T>): Promise<T>;
  /** Ends this connection, if it is the one in use, and makes another. */
  drop(connection: C, reason: unknown): void;
  close(): Promise<void>;
}

/** The longest wait for an answer. */
const BUDGET_MS = 250;
/** This long after a late answer the connection is given up, if nothing came meanwhile. */
const SUSPECT_MS = 750;
const LONGEST_PAUSE_MS = 400;

/** Begins to connect; nothing waits for it but the first questions. `name` is for the reasons of StoreUnavailable. */
export function createLink<C>(name: string, open: Open<C>): Link<C> {
  let attempt: Attempt<C> | undefined;
  let pause: NodeJS.Timeout | undefined;
  let failures = 0;
  let why: unknown;
  let closed = false;

  const unavailable = (cause: unknown): StoreUnavailable => {
    if (cause instanceof StoreUnavailable) return cause;
    const said = cause instanceof Error ? cause.message : String(cause);
    return new StoreUnavailable(`${name} cannot be used: ${said}`, { cause });
  };
  const over = (ended: Attempt<C>, reason: unknown): void => {
    ended.end(reason);
    if (attempt !== ended || closed) return;
    attempt = undefined;
    why = reason;
    failures += 1;
    // The first attempt after a loss comes at once: a connection that was lost need not mean that the server is away.
    pause = setTimeout(connect, failures === 1 ? 0 : Math.min(LONGEST_PAUSE_MS, 10 * 2 ** Math.min(failures, 8)));
    pause.unref();
  };
  const connect = (): void => {
    const made: Attempt<C> = startAttempt(open, (reason) => over(made, reason));
    attempt = made;
    void settle(made);
  };
  const settle = async (made: Attempt<C>): Promise<void> => {
    try {
      await made.ready;
      if (attempt === made) failures = 0;
    } catch (error) {
      over(made, error);
    }
  };
  connect();

  return {
    async ask(question) {
      if (closed) throw new StoreUnavailable(`${name} is closed`);
      const on = attempt;
      if (on === undefined || failures > 1) throw unavailable(why);
      try {
        return await answerWithin(on, question, () => over(on, new Error('it does not answer')));
      } catch (error) {
        throw unavailable(error);
      }
    },
    drop(connection, reason) {
      const on = attempt;
      if (on?.connection() === connection) over(on, reason);
    },
    async close() {
      closed = true;
      clearTimeout(pause);
      attempt?.end(new StoreUnavailable(`${name} is closed`));
      await attempt?.ended;
    },
  };
}

/** The answer within the budget, or a rejection; `onSilence` when then nothing at all comes on this connection for a while. */
async function answerWithin<C, T>(
  on: Attempt<C>,
  question: (connection: C) => Promise<T>,
  onSilence: () => void,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => {
    if (!on.waiting.has(reject)) return;
    on.watch ??= setTimeout(onSilence, SUSPECT_MS).unref();
    reject(new Error('no answer in time'));
  };
  // Where the process itself was busy the answer may be here, unread: reading comes before an immediate.
  const timer = setTimeout(() => setImmediate(giveUp), BUDGET_MS);
  on.waiting.add(reject);
  try {
    return await Promise.race([heard(on, question), late]);
  } finally {
    clearTimeout(timer);
    on.waiting.delete(reject);
  }
}

/** Whatever the answer is, and however late: somebody is there. */
async function heard<C, T>(on: Attempt<C>, question: (connection: C) => Promise<T>): Promise<T> {
  try {
    return await question(await on.ready);
  } finally {
    clearTimeout(on.watch);
    on.watch = undefined;
  }
}
