/** Keys by the second in which something is due for them, so that looking what is due touches only that. */
export interface SecondBuckets {
  /** Seconds since the epoch, rounded up. */
  add(key: string, atSeconds: number): void;
  /** With the time it was added for. */
  remove(key: string, atSeconds: number): void;
  /** Takes out what is due, at most `limit` keys; the rest comes with the next call. */
  take(nowSeconds: number, limit: number): readonly string[];
  clear(): void;
}

/** No keys at first. Adding and removing take constant time; taking, time for what is taken and for the seconds since the last call. */
export function createSecondBuckets(): SecondBuckets {
  const buckets = new Map<number, Set<string>>();
  // Nothing is left in this second or any before it.
  let emptyUntil = Number.NEGATIVE_INFINITY;

  function remove(key: string, atSeconds: number): void {
    const second = Math.ceil(atSeconds);
    const keys = buckets.get(second);
    keys?.delete(key);
    if (keys?.size === 0) buckets.delete(second);
  }

  /** Whether the second is empty afterwards. */
  function drain(second: number, due: string[], limit: number): boolean {
    const keys = buckets.get(second);
    if (keys === undefined) return true;
    for (const key of keys) {
      if (due.length >= limit) return false;
      keys.delete(key);
      due.push(key);
    }
    buckets.delete(second);
    return true;
  }

  return {
    add(key, atSeconds) {
      const second = Math.ceil(atSeconds);
      const keys = buckets.get(second);
      if (keys === undefined) buckets.set(second, new Set([key]));
      else keys.add(key);
      // Also when the clock was set back.
      if (second <= emptyUntil) emptyUntil = second - 1;
    },
    remove,
    take(nowSeconds, limit) {
      const last = Math.floor(nowSeconds);
      const due: string[] = [];
      if (last - emptyUntil > buckets.size) {
        for (const second of buckets.keys()) if (second <= last && !drain(second, due, limit)) return due;
        emptyUntil = last;
      }
      for (let second = emptyUntil + 1; second <= last; second += 1) {
        if (!drain(second, due, limit)) return due;
        emptyUntil = second;
      }
      return due;
    },
    clear() {
      buckets.clear();
      emptyUntil = Number.NEGATIVE_INFINITY;
    },
  };
}
