/** How many markers of logouts we keep for sessions nobody here has heard of: anybody can ask for one. */
import { MINUTE } from '../../oauth/time.ts';
import type { Clock } from '../../oauth/time.ts';

/** As long as a marker lives, so that no more than this many of one process are in the store. */
const WINDOW_SECONDS: number = 10 * MINUTE;
const MAX_MARKERS = 1000;

/** Answers whether one more marker may be written, and counts it. */
export function createMarkerBudget(now: Clock): () => boolean {
  let windowEnd = -Infinity;
  let left = MAX_MARKERS;
  return () => {
    if (now() >= windowEnd) {
      windowEnd = now() + WINDOW_SECONDS;
      left = MAX_MARKERS;
    }
    left -= 1;
    return left >= 0;
  };
}
