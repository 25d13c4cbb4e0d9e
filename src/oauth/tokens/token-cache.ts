import { hash } from 'node:crypto';
import { createSegmentedLru } from './segmented-lru.ts';
import type { Clock } from '../time.ts';

/** A token as it came from its issuer. */
export interface LoadedToken<T> {
  readonly value: T;
  /** Seconds it lives from now. */
  readonly expiresIn: number;
  /** What it takes in memory, about. */
  readonly bytes: number;
  /** Seconds since the epoch after which it is not served from the cache, whatever its own life. */
  readonly until?: number;
}

/** A token and how it was come by. */
export interface CachedToken<T> {
  readonly value: T;
  /** Whole seconds it still lives. */
  readonly secondsLeft: number;
  readonly result: 'hit' | 'miss' | 'joined' | 'skipped';
}

/** Tokens by what they are for. User tokens have no place in a key: give {@link tokenDigest} of them. */
export interface TokenCache<T> {
  /**
   * The token for these parts, in order; absent differs from empty. Loaded at most once at a time per key; a failed load reaches all who
   * wait for it and is not kept. `skip` drops what is kept and loads.
   */
  get(
    keyParts: readonly (string | undefined)[],
    load: () => Promise<LoadedToken<T>>,
    options?: { readonly skip?: boolean },
  ): Promise<CachedToken<T>>;
  size(): { readonly entries: number; readonly bytes: number; readonly inFlight: number };
  /** Drops what is kept under keys that begin with these parts, for good: what is on its way now is not kept. Takes time for each entry. */
  forget(firstParts: readonly (string | undefined)[]): void;
  clear(): void;
  close(): void;
}

interface Entry<T> {
  readonly value: T;
  readonly tuple: string;
  /** Served until then; seconds since the epoch. */
  readonly servedUntil: number;
  /** The token's own end; seconds since the epoch. */
  readonly expiresAt: number;
  readonly bytes: number;
}

interface DatedToken<T> extends LoadedToken<T> {
  /** Seconds since the epoch. */
  readonly loadedAt: number;
}

/** Safety margin at the end of a token's life, in seconds; tokens that live no longer than this are kept for half their life. */
const MARGIN_SECONDS = 120;
const ABSURD_SECONDS = 10 * 365 * 24 * 60 * 60;
const KEY_VERSION = '1';
const SWEEP_MILLISECONDS = 1000;
const ENTRY_OVERHEAD_BYTES = 300;

/** SHA-256 of a token, base64url: what stands for a user token in a key. */
export function tokenDigest(token: string): string {
  return hash('sha256', token, 'base64url');
}

/** Makes a token cache. A timer that holds nothing awake drops the expired every second until `close`. */
export function createTokenCache<T>(options: {
  readonly now: Clock;
  readonly maxEntries: number;
  readonly maxBytes: number;
}): TokenCache<T> {
  const { now } = options;
  // By tuple, not by its digest: there is no stored tuple yet that could be compared.
  const inFlight = new Map<string, Promise<DatedToken<T>>>();
  // Keys by the second in which they end, so that the sweep only touches what it removes.
  const endings = new Map<number, Set<string>>();
  // What was asked for before `clear` or `forget` is not kept after it.
  let epoch = 0;
  const entries = createSegmentedLru<Entry<T>>(options, forgetEnding);

  function forgetEnding(key: string, entry: Entry<T>): void {
    const second = Math.ceil(entry.servedUntil);
    const keys = endings.get(second);
    keys?.delete(key);
    if (keys?.size === 0) endings.delete(second);
  }

  function drop(key: string): void {
    const entry = entries.peek(key);
    if (entry === undefined) return;
    entries.delete(key);
    forgetEnding(key, entry);
  }

  function keep(key: string, tuple: string, loaded: LoadedToken<T>, loadedAt: number): void {
    drop(key);
    const servedUntil = endOfService(loaded, loadedAt);
    if (servedUntil === undefined || servedUntil <= now()) return;
    const bytes = loaded.bytes + tuple.length + ENTRY_OVERHEAD_BYTES;
    const second = Math.ceil(servedUntil);
    const keys = endings.get(second) ?? new Set();
    endings.set(second, keys.add(key));
    entries.set(key, { value: loaded.value, tuple, servedUntil, expiresAt: loadedAt + loaded.expiresIn, bytes });
  }

  function sweep(): void {
    const limit = now();
    for (const [second, keys] of endings) {
      if (second <= limit) for (const key of keys) drop(key);
    }
  }

  function clear(): void {
    epoch += 1;
    inFlight.clear();
    entries.clear();
    endings.clear();
  }

  function forget(firstParts: readonly (string | undefined)[]): void {
    epoch += 1;
    const start = encodeTuple(firstParts);
    for (const keys of endings.values()) {
      for (const key of keys) if (entries.peek(key)?.tuple.startsWith(start) === true) drop(key);
    }
  }

  const timer = setInterval(sweep, SWEEP_MILLISECONDS).unref();

  async function loadOnce(key: string, tuple: string, load: () => Promise<LoadedToken<T>>): Promise<DatedToken<T>> {
    // The token's life began no later than when its answer came: count from before the request.
    const loadedAt = now();
    const epochAtStart = epoch;
    const loaded = { ...(await load()), loadedAt };
    if (epoch === epochAtStart) keep(key, tuple, loaded, loadedAt);
    return loaded;
  }

  function start(key: string, tuple: string, load: () => Promise<LoadedToken<T>>): Promise<DatedToken<T>> {
    const flight = loadOnce(key, tuple, load).finally(() => {
      if (inFlight.get(tuple) === flight) inFlight.delete(tuple);
    });
    inFlight.set(tuple, flight);
    return flight;
  }

  async function get(
    keyParts: readonly (string | undefined)[],
    load: () => Promise<LoadedToken<T>>,
    { skip = false }: { readonly skip?: boolean } = {},
  ): Promise<CachedToken<T>> {
    const tuple = encodeTuple(keyParts);
    const key = tokenDigest(tuple);
    if (skip) drop(key);
    const entry = entries.use(key);
    // Comparing the tuple leaves nothing to the digest alone.
    if (entry !== undefined && entry.tuple === tuple && entry.servedUntil > now()) {
      return { value: entry.value, secondsLeft: Math.floor(entry.expiresAt - now()), result: 'hit' };
    }
    const running = inFlight.get(tuple);
    const flight = running ?? start(key, tuple, load);
    const loaded = await flight;
    const secondsLeft = Math.max(0, Math.floor(loaded.loadedAt + loaded.expiresIn - now()));
    return { value: loaded.value, secondsLeft, result: skip ? 'skipped' : running === undefined ? 'miss' : 'joined' };
  }

  return {
    get,
    size: () => ({ entries: entries.entries, bytes: entries.bytes, inFlight: inFlight.size }),
    forget,
    clear,
    close: () => {
      clearInterval(timer);
      clear();
    },
  };
}

/** When a token is no longer served from the cache; undefined if it is not to be kept at all. */
function endOfService(loaded: LoadedToken<unknown>, loadedAt: number): number | undefined {
  const { expiresIn, until = Number.POSITIVE_INFINITY } = loaded;
  if (!(expiresIn > 0 && expiresIn < ABSURD_SECONDS) || Number.isNaN(until)) return undefined;
  const window = expiresIn > MARGIN_SECONDS ? expiresIn - MARGIN_SECONDS : expiresIn / 2;
  return Math.min(loadedAt + window, until);
}

/** Length before content: no two tuples have one text. */
function encodeTuple(parts: readonly (string | undefined)[]): string {
  return [KEY_VERSION, ...parts].map((part) => (part === undefined ? '-' : `${part.length}:${part}`)).join('');
}
