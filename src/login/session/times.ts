/** How long a session and its tokens live. Pure, all in milliseconds. */

const MAX_COOLDOWN = 60_000;
const SHORT_LIFETIME = 120_000;
const REFRESH_MARGIN = 30_000;

/** The times of a session: milliseconds since the epoch. */
export interface SessionTimes {
  readonly createdAt: number;
  /** When the session is over whatever happens. */
  readonly endsAt: number;
  /** When it becomes inactive unless refreshed; undefined without inactivity. */
  readonly timeoutAt: number | undefined;
  /** When the access token stops being used. */
  readonly expireAt: number;
  readonly refreshedAt: number;
}

/** Configured lifetimes in milliseconds. */
export interface Lifetimes {
  readonly maxLifetime: number;
  /** Undefined = no inactivity rule. */
  readonly inactivityTimeout: number | undefined;
}

function tokenTimes(
  now: number,
  tokenLifetime: number,
  lifetimes: Lifetimes,
): Pick<SessionTimes, 'timeoutAt' | 'expireAt' | 'refreshedAt'> {
  const timeoutAt = lifetimes.inactivityTimeout === undefined ? undefined : now + lifetimes.inactivityTimeout;
  return { timeoutAt, expireAt: Math.min(now + tokenLifetime, timeoutAt ?? Infinity), refreshedAt: now };
}

/** Times of a session created now with a token that lives `tokenLifetime`. */
export function createTimes(now: number, tokenLifetime: number, lifetimes: Lifetimes): SessionTimes {
  return { createdAt: now, endsAt: now + lifetimes.maxLifetime, ...tokenTimes(now, tokenLifetime, lifetimes) };
}

/** Times after a refresh: no refresh moves `endsAt`. */
export function refreshTimes(
  times: SessionTimes,
  refresh: { readonly now: number; readonly tokenLifetime: number; readonly lifetimes: Lifetimes },
): SessionTimes {
  return { ...times, ...tokenTimes(refresh.now, refresh.tokenLifetime, refresh.lifetimes) };
}

/** When a new refresh may be tried. */
export function cooldownEnd(times: SessionTimes): number {
  const lifetime = times.expireAt - times.refreshedAt;
  return times.refreshedAt + (lifetime <= SHORT_LIFETIME ? lifetime / 2 : MAX_COOLDOWN);
}

/** When the next refresh happens by itself. */
export function nextRefresh(times: SessionTimes): number {
  const early = times.expireAt - REFRESH_MARGIN;
  const halfway = times.timeoutAt === undefined ? early : times.refreshedAt + (times.timeoutAt - times.refreshedAt) / 2;
  return Math.max(Math.min(early, halfway), cooldownEnd(times));
}

/** Whether a request should refresh the tokens first. */
export function isRefreshDue(times: SessionTimes, now: number): boolean {
  return now > times.expireAt || now > nextRefresh(times);
}

/** Whether a refresh may be tried at all. */
export function isRefreshPossible(times: SessionTimes, hasRefreshToken: boolean, now: number): boolean {
  return hasRefreshToken && now >= cooldownEnd(times);
}

/** `ended`: past its end. `inactive`: nobody refreshed in time. Both count as signed out and cannot be refreshed. */
export function sessionPhase(times: SessionTimes, now: number): 'active' | 'inactive' | 'ended' {
  if (now > times.endsAt) return 'ended';
  return times.timeoutAt !== undefined && now > times.timeoutAt ? 'inactive' : 'active';
}
