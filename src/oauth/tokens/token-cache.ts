import { neverBack } from '../time.ts';
import type { Clock } from '../time.ts';
import { TokenRequestFailed } from '../token-endpoint/token-failure.ts';
import type { CachedToken, LoadedToken, LoadToken, TokenCacheEvent } from './cached-token.ts';
import { createKeptTokens } from './kept-tokens.ts';
import type { KeptToken } from './kept-tokens.ts';
import { createRefreshAhead } from './refresh-ahead.ts';
import type { Question } from './refresh-ahead.ts';
import { remembered } from './remembered-digests.ts';
import { encodeTokenClient, encodeTokenKey, sha256 } from './token-key.ts';
import type { TokenClient, TokenKey } from './token-key.ts';
import { windowOf } from './token-window.ts';
import { untilAborted } from './until-aborted.ts';

/** How one asks. */
export interface GetOptions {
  /** Drops what is kept and fetches; joins a fetch that is under way. */
  readonly skip?: boolean | undefined;
  /** Ends the waiting of this one, never the fetch. */
  readonly signal?: AbortSignal | undefined;
}

/** Tokens by what they were asked for. */
export interface TokenCache<T> {
  /**
   * The token for this key. Loaded at most once at a time per key; a failed load reaches all who wait for it and is not kept. Rejects
   * with what `load` threw, or with the reason of the signal.
   */
  get(key: TokenKey, load: LoadToken<T>, options?: GetOptions): Promise<CachedToken<T>>;
  /** A key and how its token is fetched, for who asks for it again and again; of a user's, `load` holds what is kept nowhere else. */
  question(key: TokenKey, load: LoadToken<T>): Question<T>;
  /** What is kept for it, without waiting; undefined where it has to be asked for. */
  find(question: Question<T>): CachedToken<T> | undefined;
  /** The token for this question; as {@link get}. */
  ask(question: Question<T>, options?: GetOptions): Promise<CachedToken<T>>;
  size(): { readonly entries: number; readonly bytes: number; readonly inFlight: number };
  /** Drops what is kept of this client, for good: what is on its way now is not kept. Takes time for each entry. */
  forget(client: TokenClient): void;
  clear(): void;
  close(): void;
}

/** What a token cache runs on, and how much it does unasked. */
export interface TokenCacheOptions {
  readonly now: Clock;
  /** 262,144 unless given. */
  readonly maxEntries?: number;
  /** 64 MiB unless given. */
  readonly maxBytes?: number;
  /** Fetches what is used anew before its time is over; not unless given. */
  readonly refreshAhead?: boolean;
  /** Serves an application's own token past its time while the provider is not there; not unless given. */
  readonly staleOnError?: boolean;
  readonly onEvent?: (event: TokenCacheEvent) => void;
  /** 0 up to 1; spreads refreshes. */
  readonly random?: () => number;
  /** Does the work every second and returns how to end that; a timer that holds nothing awake unless given. */
  readonly everySecond?: (work: () => void) => () => void;
  /** SHA-256 unless given: tests make two keys collide. */
  readonly digest?: (tuple: string) => string;
}

interface DatedToken<T> extends LoadedToken<T> {
  /** Seconds since the epoch. */
  readonly loadedAt: number;
}

interface Flight<T> {
  readonly loading: Promise<DatedToken<T>>;
  toldStale: boolean;
}

const MAX_ENTRIES = 262_144;
const MAX_BYTES = 64 * 1024 * 1024;
const ENTRY_OVERHEAD_BYTES = 512;

/** Makes a token cache (sidecar-sdk.md 2.7). Until `close` it drops every second what is over, and fetches anew what soon will be. */
export function createTokenCache<T>(options: TokenCacheOptions): TokenCache<T> {
  // How long a token lives is measured: a clock that is set back makes none live longer.
  const now = neverBack(options.now);
  const { random = Math.random } = options;
  const digestOf = remembered(options.digest ?? sha256);
  const { maxEntries = MAX_ENTRIES, maxBytes = MAX_BYTES, refreshAhead = false, staleOnError = false } = options;
  const kept = createKeptTokens<T>({ maxEntries, maxBytes });

  /** A listener cannot change what becomes of a token, nor end the process from a fetch in the background. */
  const tell = (event: TokenCacheEvent): void => {
    try {
      options.onEvent?.(event);
    } catch {
      // The listener's bug, in a place where nobody is left to tell.
    }
  };

  // By the whole key, so that even two keys of one digest are fetched apart.
  const inFlight = new Map<string, Flight<T>>();
  const ahead = createRefreshAhead<T>({
    now,
    kept,
    fetchAnew: (question) => (inFlight.get(question.tuple) ?? start(question)).loading,
    tell,
  });

  function keep(question: Question<T>, loaded: LoadedToken<T>, loadedAt: number): void {
    const { digest, tuple, matter, isMachine, load } = question;
    const window = windowOf(loaded, loadedAt, { refreshAhead, staleOnError: staleOnError && isMachine, random });
    if (window === undefined || window.servedUntil <= now()) return;
    const token: KeptToken<T> = {
      value: loaded.value,
      tuple,
      matter,
      expiresAt: loadedAt + loaded.expiresIn,
      window,
      bytes: loaded.bytes + tuple.length + matter.target.length + ENTRY_OVERHEAD_BYTES,
      load: isMachine ? load : undefined,
      used: false,
      refreshAt: window.refreshAt,
      listedAt: undefined,
      queued: false,
    };
    kept.keep(digest, token);
    ahead.came(question, token);
  }

  async function loadOnce(question: Question<T>, isWanted: () => boolean): Promise<DatedToken<T>> {
    // The token's life began no later than when its answer came: count from before the request.
    const loadedAt = now();
    try {
      const loaded = await question.load();
      // A point in time is told by the clock that was passed in.
      const until = loaded.until === undefined ? {} : { until: loaded.until + now() - options.now() };
      if (isWanted()) keep(question, { ...loaded, ...until }, loadedAt);
      return { ...loaded, loadedAt };
    } catch (error) {
      const seconds = error instanceof TokenRequestFailed ? error.retryAfterSeconds : undefined;
      if (seconds !== undefined) ahead.pause(question.matter.provider, seconds);
      throw error;
    }
  }

  function start(question: Question<T>): Flight<T> {
    // What was asked for before it was forgotten is not kept after that.
    const isWanted = (): boolean => inFlight.get(question.tuple) === flight;
    const loading = loadOnce(question, isWanted).finally(() => {
      if (isWanted()) inFlight.delete(question.tuple);
    });
    const flight: Flight<T> = { loading, toldStale: false };
    inFlight.set(question.tuple, flight);
    return flight;
  }

  function tick(): void {
    kept.dropEnded(now());
    ahead.everySecond();
  }

  function hit(question: Question<T>): CachedToken<T> | undefined {
    const token = kept.use(question.digest, question.tuple);
    const time = now();
    if (token === undefined || token.window.servedUntil <= time) return undefined;
    token.used = true;
    // The newest way to fetch: the client may have another key by now.
    if (question.isMachine) token.load = question.load;
    ahead.served(question, token);
    return { value: token.value, secondsLeft: Math.floor(token.expiresAt - time), result: 'hit' };
  }

  function lastResort(
    { digest, tuple, matter, isMachine }: Question<T>,
    flight: Flight<T>,
    error: unknown,
  ): CachedToken<T> {
    const token = kept.peek(digest, tuple);
    const isAway = isMachine && error instanceof TokenRequestFailed && error.unavailable;
    if (!isAway || token === undefined || token.window.staleUntil <= now()) throw error;
    if (!flight.toldStale)
      tell({ event: 'stale', error, expiresAt: token.expiresAt - now() + options.now(), ...matter });
    flight.toldStale = true;
    return { value: token.value, secondsLeft: Math.floor(token.expiresAt - now()), result: 'stale' };
  }

  function questionOf(key: TokenKey, load: LoadToken<T>): Question<T> {
    const tuple = encodeTokenKey(key);
    const matter = { provider: key.provider, target: key.target };
    return { digest: digestOf(tuple), tuple, matter, isMachine: key.grant === 'machine', load };
  }

  async function ask(question: Question<T>, { skip = false, signal }: GetOptions = {}): Promise<CachedToken<T>> {
    signal?.throwIfAborted();
    const found = skip ? kept.drop(question.digest) : hit(question);
    if (found !== undefined) return found;
    const running = inFlight.get(question.tuple);
    const flight = running ?? start(question);
    try {
      const { value, loadedAt, expiresIn } = await untilAborted(flight.loading, signal);
      const secondsLeft = Math.max(0, Math.floor(loadedAt + expiresIn - now()));
      return { value, secondsLeft, result: skip ? 'skipped' : running === undefined ? 'miss' : 'joined' };
    } catch (error) {
      if (skip) throw error;
      return lastResort(question, flight, error);
    }
  }

  function forget(client: TokenClient): void {
    const beginning = encodeTokenClient(client);
    for (const tuple of inFlight.keys()) if (tuple.startsWith(beginning)) inFlight.delete(tuple);
    kept.dropAll(beginning);
  }

  function clear(): void {
    inFlight.clear();
    ahead.clear();
    kept.clear();
  }

  const stop = (options.everySecond ?? everySecond)(tick);
  return {
    get: (key, load, asking) => ask(questionOf(key, load), asking),
    question: questionOf,
    find: hit,
    ask,
    size: () => ({ entries: kept.entries, bytes: kept.bytes, inFlight: inFlight.size }),
    forget,
    clear,
    close() {
      stop();
      clear();
    },
  };
}

function everySecond(work: () => void): () => void {
  const timer = setInterval(work, 1000).unref();
  return () => {
    clearInterval(timer);
  };
}
