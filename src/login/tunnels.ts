/** Open WebSockets and event streams by session: each ends soon after its session does. */
import { StoreUnavailable } from '../store/errors.ts';
import type { Lasting } from '../web/forward.ts';
import type { Siblings } from './context.ts';
import type { FoundSession } from './session/finding.ts';
import { nowMilliseconds } from './session/present-session.ts';
import type { SessionTimes } from './session/times.ts';
import { sessionPhase } from './session/times.ts';

/** Runs a task again and again until the answered function is called. */
export type Repeat = (task: () => void, milliseconds: number) => () => void;

/** What is open with sessions of this process. */
export interface Tunnels {
  /** Registers one exchange that may last for hours. */
  open(found: FoundSession): Lasting;
  close(): void;
}

/** With the message that usually comes first, nothing outlives its session by more than half a minute. */
const SWEEP_MILLISECONDS = 15_000;
const MAX_OPEN = 10_000;
/** No browser opens more to one site; all of them together are not for one session to take. */
const MAX_OPEN_OF_SESSION = 100;
const READS_AT_ONCE = 16;

interface Held {
  readonly found: FoundSession;
  readonly endings: Set<AbortController>;
  /** As last read: a refresh moves some of them. */
  times: SessionTimes;
}

/** A timer that keeps nothing awake. */
function repeat(task: () => void, milliseconds: number): () => void {
  const timer = setInterval(task, milliseconds).unref();
  return () => clearInterval(timer);
}

/** No tunnels at first, at most 10,000 later, and 100 of one session: one more is ended at once. */
export function createTunnels({ first }: Siblings, every: Repeat = repeat): Tunnels {
  const sessions = new Map<string, Held>();
  let open = 0;
  let sweeping = false;
  let stop: (() => void) | undefined;

  function end(key: string, reason: string): void {
    const held = sessions.get(key);
    sessions.delete(key);
    for (const ending of held?.endings ?? []) {
      first.emit({ event: 'tunnel.ended', reason });
      ending.abort();
    }
  }

  /** Reads the session once, and ends what is open with it unless it is alive. A store that fails says nothing. */
  async function check(key: string): Promise<void> {
    const held = sessions.get(key);
    if (held === undefined) return;
    const { at, session } = held.found;
    try {
      const now = await at.sessions.load(session.ticket);
      if (now === undefined) return end(key, 'session is gone');
      held.times = now.record.times;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      // The last known end stands, whatever the store is up to; inactivity may have been put off by a refresh.
      if (nowMilliseconds(at) <= held.times.endsAt) return;
    }
    const phase = sessionPhase(held.times, nowMilliseconds(at));
    if (phase !== 'active') end(key, phase);
  }

  async function sweep(): Promise<void> {
    if (sweeping) return;
    sweeping = true;
    const keys = [...sessions.keys()].values();
    const readOn = async (): Promise<void> => {
      for (const key of keys) await check(key);
    };
    try {
      await Promise.all(Array.from({ length: READS_AT_ONCE }, readOn));
    } finally {
      sweeping = false;
    }
  }

  function begin(): () => void {
    const insist = (work: Promise<void>): void => first.background.run(() => work, tellFailure);
    const unsubscribe = first.sessions.onAnyChange((key) => insist(check(key)));
    const rest = every(() => insist(sweep()), SWEEP_MILLISECONDS);
    return () => {
      unsubscribe();
      rest();
    };
  }

  function tellFailure(error: unknown): void {
    first.emit({ event: 'store.unavailable', reason: error instanceof Error ? error.message : 'unknown' });
  }

  return {
    open(found) {
      const { key, record } = found.session;
      const ending = new AbortController();
      const isGreedy = (sessions.get(key)?.endings.size ?? 0) >= MAX_OPEN_OF_SESSION;
      if (isGreedy || open >= MAX_OPEN) {
        found.at.emit({ event: 'tunnel.refused', reason: isGreedy ? 'too many of one session' : 'too many' });
        ending.abort();
        return { ending: ending.signal, closed: () => undefined };
      }
      open += 1;
      stop ??= begin();
      const held = sessions.get(key) ?? { found, endings: new Set(), times: record.times };
      sessions.set(key, held);
      held.endings.add(ending);
      return {
        ending: ending.signal,
        closed() {
          open -= 1;
          held.endings.delete(ending);
          if (held.endings.size === 0 && sessions.get(key) === held) sessions.delete(key);
        },
      };
    },
    close() {
      stop?.();
      sessions.clear();
    },
  };
}
