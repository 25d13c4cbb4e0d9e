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

/** Gets a token from where tokens come from. */
export type LoadToken<T> = () => Promise<LoadedToken<T>>;

/**
 * How a token was come by: kept, fetched, fetched for another who asked at the same time, kept past its time because its issuer was
 * not there, or fetched because the cache was to be passed by.
 */
type CacheResult = 'hit' | 'miss' | 'joined' | 'stale' | 'skipped';

/** A token and how it was come by. */
export interface CachedToken<T> {
  readonly value: T;
  /** Whole seconds it still lives. */
  readonly secondsLeft: number;
  readonly result: CacheResult;
}

/** What a token is and for what, as far as others may know. */
export interface TokenMatter {
  readonly provider: string;
  readonly target: string;
}

/** What a cache does beside answering; never holds a token. */
export type TokenCacheEvent = TokenMatter &
  (
    | { readonly event: 'refreshed' }
    | { readonly event: 'refresh_failed'; readonly error: unknown }
    /** An old token serves on, until `expiresAt` at most; told once for each failed attempt to get a new one. */
    | { readonly event: 'stale'; readonly error: unknown; readonly expiresAt: number }
  );
