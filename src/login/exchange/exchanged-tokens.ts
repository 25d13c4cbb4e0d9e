/** Exchanged tokens kept in this process: one exchange at a time for each session and target, forgotten with the session. */
import type { Clock } from '../../oauth/time.ts';

/** What a token is for. */
interface ExchangeKey {
  /** Record key of the session. */
  readonly session: string;
  readonly network: string;
  readonly audience: string;
}

/** A token as its network gave it. */
export interface ExchangedToken {
  readonly accessToken: string;
  /** Seconds it lives from now. */
  readonly expiresIn: number;
}

/** The tokens at hand. */
export interface ExchangedTokens {
  /** The kept token, or what `load` brings. What `load` throws is thrown again for a second without asking anew. */
  get(
    key: ExchangeKey,
    load: () => Promise<ExchangedToken>,
  ): Promise<{ readonly accessToken: string; readonly kept: boolean }>;
  /** Forgets everything of one session, and what is still under way for it. */
  forget(session: string): void;
  readonly size: number;
}

const MAX_ENTRIES = 5000;
const MARGIN_SECONDS = 30;
const FAILURE_SECONDS = 1;

interface Entry {
  readonly session: string;
  readonly outcome:
    | { readonly kind: 'token'; readonly accessToken: string }
    | { readonly kind: 'failure'; readonly error: unknown };
  /** Seconds since the epoch. */
  readonly until: number;
}

/** Length before content: no two keys have one text. */
function textOf({ session, network, audience }: ExchangeKey): string {
  return [session, network, audience].map((part) => `${part.length}:${part}`).join('');
}

/** No tokens at first, at most 5,000 later; those unused for longest go first. */
export function createExchangedTokens(now: Clock): ExchangedTokens {
  const entries = new Map<string, Entry>();
  const bySession = new Map<string, Set<string>>();
  const running = new Map<string, Promise<ExchangedToken>>();

  function drop(text: string): void {
    const entry = entries.get(text);
    if (entry === undefined) return;
    entries.delete(text);
    const texts = bySession.get(entry.session);
    texts?.delete(text);
    if (texts?.size === 0) bySession.delete(entry.session);
  }

  function keep(text: string, entry: Entry): void {
    drop(text);
    if (entry.until <= now()) return;
    entries.set(text, entry);
    bySession.set(entry.session, (bySession.get(entry.session) ?? new Set()).add(text));
    const [oldest] = entries.keys();
    if (entries.size > MAX_ENTRIES && oldest !== undefined) drop(oldest);
  }

  function use(text: string): Entry | undefined {
    const entry = entries.get(text);
    if (entry === undefined) return undefined;
    if (entry.until <= now()) {
      drop(text);
      return undefined;
    }
    entries.delete(text);
    entries.set(text, entry);
    return entry;
  }

  function start(key: ExchangeKey, text: string, load: () => Promise<ExchangedToken>): Promise<ExchangedToken> {
    // Its life began no later than when its answer came: count from before the request.
    const asked = now();
    const isWanted = (): boolean => running.get(text) === flight;
    const settle = (outcome: Entry['outcome'], until: number): void => {
      // What was under way when its session ended is not kept.
      if (!isWanted()) return;
      running.delete(text);
      keep(text, { session: key.session, outcome, until });
    };
    const flight = load().then(
      (token) => {
        settle({ kind: 'token', accessToken: token.accessToken }, asked + token.expiresIn - MARGIN_SECONDS);
        return token;
      },
      (error: unknown) => {
        settle({ kind: 'failure', error }, now() + FAILURE_SECONDS);
        throw error;
      },
    );
    running.set(text, flight);
    return flight;
  }

  return {
    async get(key, load) {
      const text = textOf(key);
      const entry = use(text);
      if (entry?.outcome.kind === 'failure') throw entry.outcome.error;
      if (entry !== undefined) return { accessToken: entry.outcome.accessToken, kept: true };
      const { accessToken } = await (running.get(text) ?? start(key, text, load));
      return { accessToken, kept: false };
    },
    forget(session) {
      for (const text of bySession.get(session) ?? []) drop(text);
      const front = `${session.length}:${session}`;
      for (const text of running.keys()) if (text.startsWith(front)) running.delete(text);
    },
    get size() {
      return entries.size;
    },
  };
}
