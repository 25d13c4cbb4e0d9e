import type { Fetch } from './fetch.ts';
import { type Clock, MINUTE, neverBack } from './time.ts';

/** Who hears of clocks that disagree. Seconds; positive where ours is ahead of the other side's, negative where it is behind. */
export interface ClockSkewOptions {
  readonly now: Clock;
  /** Every measurement, for a gauge. */
  readonly onMeasured?: (skewSeconds: number) => void;
  /** More than 10 s apart; at most once a minute. */
  readonly onSkew?: (skewSeconds: number) => void;
}

const WARN_ABOVE_SECONDS = 10;
const QUIET_SECONDS = MINUTE;

/**
 * The same fetch, which compares the `Date` of each answer (RFC 9110 6.6.1, with the `Age` of RFC 9111 5.1) with our clock and tells how
 * far they are apart at the least: time on the way and the whole seconds of the header count for nobody. It corrects nothing. One for
 * each provider; a listener that throws changes no answer.
 */
export function measureClockSkew(fetch: Fetch, options: ClockSkewOptions): Fetch {
  const { now, onMeasured, onSkew } = options;
  const elapsed = neverBack(now);
  let quietUntil = Number.NEGATIVE_INFINITY;

  const tell = (skewSeconds: number): void => {
    onMeasured?.(skewSeconds);
    if (Math.abs(skewSeconds) <= WARN_ABOVE_SECONDS || elapsed() < quietUntil) return;
    quietUntil = elapsed() + QUIET_SECONDS;
    onSkew?.(skewSeconds);
  };

  return async (url, init) => {
    const before = now();
    const response = await fetch(url, init);
    const skewSeconds = skewOf(response.headers, before, now());
    if (skewSeconds === undefined) return response;
    try {
      tell(skewSeconds);
    } catch {
      // The listener's bug, and no reason to lose an answer.
    }
    return response;
  };
}

/** The distance of two spans: the second that `Date` names, and the time between request and answer by our clock. */
function skewOf(headers: Headers, before: number, after: number): number | undefined {
  const date = Date.parse(headers.get('date') ?? '') / 1000;
  const age = Number(headers.get('age') ?? 0);
  // A clock that was set back in between says nothing.
  if (!(age >= 0) || after < before) return undefined;
  const theirs = date + age;
  if (!Number.isFinite(theirs)) return undefined;
  if (after < theirs) return after - theirs;
  return Math.max(0, before - (theirs + 1));
}
