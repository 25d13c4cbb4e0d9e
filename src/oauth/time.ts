/** One minute, in seconds. */
export const MINUTE: number = 60;

/** One hour, in seconds. */
export const HOUR: number = 60 * MINUTE;

/** One day, in seconds. */
export const DAY: number = 24 * HOUR;

/** Tells the time: seconds since the epoch, fractions allowed. Passed in, so that tests own the clock. */
export type Clock = () => number;
