/** One minute, in seconds. */
export const MINUTE: number = 60;

/** One hour, in seconds. */
export const HOUR: number = 60 * MINUTE;

/** One day, in seconds. */
export const DAY: number = 24 * HOUR;

/** Tells the time: seconds since the epoch, fractions allowed. Passed in, so that tests own the clock. */
export type Clock = () => number;

/** A clock for how long something takes or lasts: it runs as the given one, and where that is set back it stands and runs on. */
export function neverBack(now: Clock): Clock {
  let [latest, behind] = [Number.NEGATIVE_INFINITY, 0];
  return () => {
    const time = now() + behind;
    if (time < latest) behind += latest - time;
    latest = Math.max(latest, time);
    return latest;
  };
}
