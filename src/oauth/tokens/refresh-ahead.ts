import type { Clock } from '../time.ts';
import type { LoadToken, TokenCacheEvent, TokenMatter } from './cached-token.ts';
import type { KeptToken, KeptTokens } from './kept-tokens.ts';
import { createRefreshLanes } from './refresh-lanes.ts';

/** One key somebody asks for, and how its token is fetched. */
export interface Question<T> {
  readonly digest: string;
  readonly tuple: string;
  readonly matter: TokenMatter;
  readonly isMachine: boolean;
  readonly load: LoadToken<T>;
}

/** Fetches what is used anew before its time is over: an application's own tokens without waiting for who asks, users' when they are asked for. */
export interface RefreshAhead<T> {
  /** A token came and is kept. */
  came(question: Question<T>, token: KeptToken<T>): void;
  /** A kept token was served. */
  served(question: Question<T>, token: KeptToken<T>): void;
  /** Nothing more is begun for this provider for so many seconds. */
  pause(provider: string, seconds: number): void;
  everySecond(): void;
  clear(): void;
}

const RETRY_SECONDS = 5;
const RETRY_SHARE = 0.05;

/** `fetchAnew` joins a fetch under way; what it brings is kept by whoever does it. */
export function createRefreshAhead<T>(options: {
  readonly now: Clock;
  readonly kept: KeptTokens<T>;
  readonly fetchAnew: (question: Question<T>) => Promise<unknown>;
  readonly tell: (event: TokenCacheEvent) => void;
}): RefreshAhead<T> {
  const { now, kept, fetchAnew, tell } = options;
  const lanes = createRefreshLanes(now, refreshQueued);

  /** Never rejects: nobody waits for it. */
  async function refresh(question: Question<T>, token: KeptToken<T>): Promise<void> {
    token.refreshAt = Number.POSITIVE_INFINITY;
    const { digest, matter } = question;
    try {
      await fetchAnew(question);
      tell({ event: 'refreshed', ...matter });
    } catch (error) {
      token.refreshAt = now() + Math.max(RETRY_SECONDS, RETRY_SHARE * token.window.seconds);
      const isListed = question.isMachine && kept.at(digest) === token && token.refreshAt < token.window.servedUntil;
      if (isListed) kept.list(digest, token, token.refreshAt);
      tell({ event: 'refresh_failed', error, ...matter });
    }
  }

  function refreshQueued(digest: string): Promise<void> | undefined {
    const token = kept.at(digest);
    if (token?.queued !== true) return undefined;
    token.queued = false;
    const { tuple, matter, load, window } = token;
    if (load === undefined || window.servedUntil <= now()) return undefined;
    return refresh({ digest, tuple, matter, isMachine: true, load }, token);
  }

  return {
    came({ digest, isMachine }, token) {
      const isListed = isMachine && Number.isFinite(token.refreshAt) && kept.at(digest) === token;
      if (isListed) kept.list(digest, token, token.refreshAt);
    },
    served(question, token) {
      // Most end here.
      if (now() < token.refreshAt || token.queued) return;
      // A window of a few seconds would be over before its second comes.
      if (lanes.runNow(question.matter.provider, () => refresh(question, token))) return;
      if (question.isMachine && token.listedAt === undefined) kept.list(question.digest, token, now());
    },
    pause: (provider, seconds) => {
      lanes.pause(provider, seconds);
    },
    everySecond() {
      const time = now();
      for (const digest of kept.takeListed(time)) {
        const token = kept.at(digest);
        // What nobody was served since it came is not fetched again until somebody is; what is on its way, not at all.
        if (token?.used !== true || token.refreshAt > time) continue;
        token.queued = true;
        lanes.enqueue(token.matter.provider, digest);
      }
      lanes.resume();
    },
    clear: () => {
      lanes.clear();
    },
  };
}
