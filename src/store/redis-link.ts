import { StoreUnavailable } from './errors.ts';
import { refusalOf, unavailable } from './redis-failure.ts';
import type { NodeConnection, Words } from './redis-node.ts';
import { startAttempt } from './replay-attempt.ts';
import type { Attempt, Open } from './replay-attempt.ts';

/** A connection that is made again whenever it is lost. */
export interface RedisLink {
  /**
   * Sends the commands one after the other and gives the reply to the last. Rejects with the server's refusal, or with
   * StoreUnavailable: at once while the server is known to be away.
   */
  send(...commands: readonly Words[]): Promise<unknown>;
  /** Whether there is a connection now. */
  connected(): boolean;
  /** Lets what was sent be answered, for at most half a second. */
  close(): Promise<void>;
}

/** `idleSeconds`: a connection that nobody used for so long is let go, and made again when it is needed; undefined or 0 = never. */
interface LinkOptions {
  readonly open: Open<NodeConnection>;
  readonly idleSeconds?: number | undefined;
}

const LONGEST_PAUSE_MS = 400;
const FINISH_MS = 500;
/** A connection that lives so long was no mistake of a server that takes all and keeps none. */
const LASTING_MS = 1000;

/** Begins to connect; nothing waits for it but the first questions. */
export function createRedisLink({ open, idleSeconds = 0 }: LinkOptions): RedisLink {
  let attempt: Attempt<NodeConnection> | undefined;
  let pause: NodeJS.Timeout | undefined;
  let failures = 0;
  /** Connections in a row that were made and soon lost. */
  let brief = 0;
  let madeAt: number | undefined;
  let why: unknown;
  let resting = false;
  let closed = false;
  let usedAt = performance.now();

  const over = (ended: Attempt<NodeConnection>, reason: unknown): void => {
    ended.end(reason);
    if (attempt !== ended || closed) return;
    attempt = undefined;
    why = reason;
    failures += 1;
    if (madeAt !== undefined) brief = performance.now() - madeAt < LASTING_MS ? brief + 1 : 0;
    madeAt = undefined;
    // The first attempt after a loss comes at once: a connection that was lost need not mean that the server is away.
    if (failures === 1 && brief < 2) {
      connect();
      return;
    }
    pause = setTimeout(connect, Math.min(LONGEST_PAUSE_MS, 10 * 2 ** Math.min(Math.max(failures, brief), 8)));
    pause.unref();
  };
  const connect = (): void => {
    resting = false;
    const made: Attempt<NodeConnection> = startAttempt(open, (reason) => over(made, reason));
    attempt = made;
    void settle(made);
  };
  const settle = async (made: Attempt<NodeConnection>): Promise<void> => {
    try {
      await made.ready;
      if (attempt !== made) return;
      failures = 0;
      madeAt = performance.now();
    } catch (error) {
      over(made, error);
    }
  };
  const rest = (): void => {
    if (attempt?.connection() === undefined) return;
    if (performance.now() - usedAt < idleSeconds * 1000) return;
    const ended = attempt;
    attempt = undefined;
    resting = true;
    ended.end(new StoreUnavailable('the connection was idle'));
  };
  const current = (): Attempt<NodeConnection> => {
    if (closed) throw new StoreUnavailable('the store is closed');
    if (resting) connect();
    if (attempt === undefined || failures > 1) throw unavailable(why);
    return attempt;
  };
  const idle = idleSeconds <= 0 ? undefined : setInterval(rest, Math.min(idleSeconds, 60) * 250).unref();
  connect();

  return {
    connected: () => attempt?.connection() !== undefined,
    async send(...commands) {
      usedAt = performance.now();
      const on = current();
      const connection = on.connection() ?? (await on.ready);
      try {
        let last: Promise<unknown> | undefined;
        for (const words of commands) {
          last?.catch(() => undefined);
          last = connection.send(words);
        }
        return await last;
      } catch (error) {
        // What was the primary is no longer: connect to the one that is.
        if (refusalOf(error) === 'READONLY') over(on, error);
        throw error;
      }
    },
    async close() {
      closed = true;
      clearTimeout(pause);
      clearInterval(idle);
      const ended = attempt;
      if (ended === undefined) return;
      await finished(ended);
      ended.end(new StoreUnavailable('the store is closed'));
      await ended.ended;
    },
  };
}

async function finished(attempt: Attempt<NodeConnection>): Promise<void> {
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, FINISH_MS);
  await Promise.race([
    attempt
      .connection()
      ?.finish()
      .catch(() => undefined),
    patience.promise,
  ]);
  clearTimeout(timer);
}
