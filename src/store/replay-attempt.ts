/**
 * Makes a connection that is ready for use. `ending` ends it, also half made, at any time; `lost` is called when it ends by
 * itself; `untilEnded` is given what settles when nothing of it is left.
 */
export type Open<C> = (hooks: {
  readonly ending: AbortSignal;
  readonly lost: (reason: unknown) => void;
  readonly untilEnded: (ended: Promise<unknown>) => void;
}) => Promise<C>;

/** One attempt to reach a server, and the connection it became. */
export interface Attempt<C> {
  readonly ready: Promise<C>;
  /** The connection once it is ready. */
  readonly connection: () => C | undefined;
  /** Questions without an answer yet; they are told when the connection ends. */
  readonly waiting: Set<(reason: unknown) => void>;
  /** Runs while an answer is overdue. */
  watch: NodeJS.Timeout | undefined;
  readonly end: (reason: unknown) => void;
  /** Settles when nothing of the connection is left. */
  readonly ended: Promise<unknown>;
}

/** How long an attempt may take: a frozen server accepts connections and says nothing. */
const ATTEMPT_MS = 1000;
/** How long the end of a connection is waited for. */
const END_MS = 500;

/** Begins to open a connection. */
export function startAttempt<C>(open: Open<C>, lost: (reason: unknown) => void): Attempt<C> {
  const ending = new AbortController();
  const waiting = new Set<(reason: unknown) => void>();
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<unknown>();
  const { promise: ready, resolve, reject } = Promise.withResolvers<C>();
  let connection: C | undefined;
  let left: Promise<unknown> = Promise.resolve();
  const end = (reason: unknown): void => {
    if (ending.signal.aborted) return;
    clearTimeout(timer);
    clearTimeout(attempt.watch);
    reject(reason);
    ending.abort(reason);
    for (const tell of waiting) tell(reason);
    waiting.clear();
    const patience = setTimeout(resolveEnded, END_MS);
    void left.then(resolveEnded, resolveEnded).then(() => clearTimeout(patience));
  };
  const timer = setTimeout(end, ATTEMPT_MS, new Error('no connection in time'));
  timer.unref();
  const attempt: Attempt<C> = { ready, connection: () => connection, waiting, watch: undefined, end, ended };
  const untilEnded = (promise: Promise<unknown>): void => {
    left = promise;
  };
  const begin = async (): Promise<void> => {
    try {
      connection = await open({ ending: ending.signal, lost, untilEnded });
      clearTimeout(timer);
      resolve(connection);
    } catch (error) {
      reject(error);
    }
  };
  void begin();
  ready.catch(() => {});
  return attempt;
}
