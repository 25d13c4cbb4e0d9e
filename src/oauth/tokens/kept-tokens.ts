import type { LoadToken, TokenMatter } from './cached-token.ts';
import { createSecondBuckets } from './second-buckets.ts';
import { createSegmentedLru } from './segmented-lru.ts';
import type { TokenWindow } from './token-window.ts';

/** A token that is kept, and where it stands between two refreshes. */
export interface KeptToken<T> {
  readonly value: T;
  /** The key it was fetched for, as one text. */
  readonly tuple: string;
  readonly matter: TokenMatter;
  /** The token's own end; seconds since the epoch. */
  readonly expiresAt: number;
  readonly window: TokenWindow;
  readonly bytes: number;
  /** Fetches it anew; absent where that takes the token of a user, which is kept nowhere. */
  load: LoadToken<T> | undefined;
  /** Whether somebody was served it. */
  used: boolean;
  /** Fetched anew from then on; seconds since the epoch. */
  refreshAt: number;
  /** The time for which it is on the list of those to be looked at, if it is. */
  listedAt: number | undefined;
  /** Whether it waits for its turn to be fetched anew. */
  queued: boolean;
}

/** Tokens by the digest of their key, bounded in number and bytes. */
export interface KeptTokens<T> {
  /** Those of exactly this key: a digest alone proves nothing. */
  peek(digest: string, tuple: string): KeptToken<T> | undefined;
  /** The same, counted as used. */
  use(digest: string, tuple: string): KeptToken<T> | undefined;
  at(digest: string): KeptToken<T> | undefined;
  keep(digest: string, token: KeptToken<T>): void;
  drop(digest: string): void;
  /** Puts it on the list for that time; seconds since the epoch. */
  list(digest: string, token: KeptToken<T>, atSeconds: number): void;
  /** Those whose time on the list has come; they are on it no more. */
  takeListed(nowSeconds: number): readonly string[];
  dropEnded(nowSeconds: number): void;
  /** Drops all whose key begins with this text. Takes time for each that is kept. */
  dropAll(tupleStart: string): void;
  clear(): void;
  readonly entries: number;
  readonly bytes: number;
}

/** Work of one second at most, a few milliseconds for whoever asks meanwhile; more waits for the next. */
const MAX_AT_ONCE = 2000;

/** None at first; every operation takes constant time but the two that say what is due. */
export function createKeptTokens<T>(bounds: { readonly maxEntries: number; readonly maxBytes: number }): KeptTokens<T> {
  const endings = createSecondBuckets();
  const listed = createSecondBuckets();
  const tokens = createSegmentedLru<KeptToken<T>>(bounds, forgetTimes);

  function forgetTimes(digest: string, token: KeptToken<T>): void {
    endings.remove(digest, token.window.staleUntil);
    if (token.listedAt !== undefined) listed.remove(digest, token.listedAt);
  }

  function drop(digest: string): void {
    const token = tokens.peek(digest);
    if (token === undefined) return;
    tokens.delete(digest);
    forgetTimes(digest, token);
  }

  function peek(digest: string, tuple: string): KeptToken<T> | undefined {
    const token = tokens.peek(digest);
    return token?.tuple === tuple ? token : undefined;
  }

  return {
    peek,
    use: (digest, tuple) => (peek(digest, tuple) === undefined ? undefined : tokens.use(digest)),
    at: (digest) => tokens.peek(digest),
    keep(digest, token) {
      const old = tokens.peek(digest);
      if (old !== undefined) forgetTimes(digest, old);
      endings.add(digest, token.window.staleUntil);
      tokens.set(digest, token);
    },
    drop,
    list(digest, token, atSeconds) {
      if (token.listedAt !== undefined) listed.remove(digest, token.listedAt);
      token.listedAt = atSeconds;
      listed.add(digest, atSeconds);
    },
    takeListed(nowSeconds) {
      const due = listed.take(nowSeconds, MAX_AT_ONCE);
      for (const digest of due) {
        const token = tokens.peek(digest);
        if (token !== undefined) token.listedAt = undefined;
      }
      return due;
    },
    dropEnded(nowSeconds) {
      for (const digest of endings.take(nowSeconds, MAX_AT_ONCE)) drop(digest);
    },
    dropAll(tupleStart) {
      for (const digest of tokens.keys()) if (tokens.peek(digest)?.tuple.startsWith(tupleStart) === true) drop(digest);
    },
    clear() {
      tokens.clear();
      endings.clear();
      listed.clear();
    },
    get entries() {
      return tokens.entries;
    },
    get bytes() {
      return tokens.bytes;
    },
  };
}
