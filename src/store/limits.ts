/** Longest key, index name or member, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;
/** Largest value of one record, in bytes. */
const MAX_VALUE_BYTES = 1024 * 1024;

/** Throws RangeError for a key that no store has to hold. */
export function checkKey(key: string): void {
  if (key === '' || Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new RangeError(`a store key is 1 to ${MAX_KEY_BYTES} bytes`);
  }
}

/** Throws RangeError for a value over the limit. */
export function checkValue(value: Uint8Array): void {
  if (value.byteLength > MAX_VALUE_BYTES) throw new RangeError(`a store value is at most ${MAX_VALUE_BYTES} bytes`);
}

/** Throws RangeError for a time to live that is not a positive, finite number of seconds. */
export function checkTtl(ttlSeconds: number): void {
  if (!Number.isFinite(ttlSeconds) || ttlSeconds <= 0) {
    throw new RangeError('a time to live is a positive number of seconds');
  }
}

/** Checks a record that is about to be written with a life of its own, its key by the store's own check. Throws what that throws, or RangeError. */
export function writeCheck(check: (key: string) => void): (key: string, value: Uint8Array, ttlSeconds: number) => void {
  return (key, value, ttlSeconds) => {
    check(key);
    checkValue(value);
    checkTtl(ttlSeconds);
  };
}
