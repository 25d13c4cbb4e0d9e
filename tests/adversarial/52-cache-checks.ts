import assert from 'node:assert/strict';
import type { CachedToken } from '../../src/oauth/tokens/cached-token.ts';
import type { TokenCache } from '../../src/oauth/tokens/token-cache.ts';
import type { Issued, ModelOptions } from './52-cache-parts.ts';

/** What the model knows of what the cache holds. */
interface Known {
  readonly options: ModelOptions;
  readonly kept: readonly Issued[];
  /** Bytes of each key. */
  readonly costs: ReadonlyMap<string, number>;
  /** Fetches whose outcome the cache still wants. */
  readonly wanted: number;
}

/** The cache is within its bounds, and says of itself what the model knows. */
export function checkSize(
  { entries, bytes, inFlight }: ReturnType<TokenCache<string>['size']>,
  { options, kept, costs, wanted }: Known,
): void {
  assert.ok(entries <= options.maxEntries && bytes <= options.maxBytes, `${entries} entries, ${bytes} bytes`);
  assert.equal(inFlight, wanted);
  if (!options.exact) {
    assert.ok(entries <= kept.length, 'something is kept that nobody fetched');
    return;
  }
  assert.equal(entries, kept.length);
  let sum = 0;
  for (const token of kept) sum += token.bytes + (costs.get(token.name) ?? Number.NaN);
  assert.equal(bytes, sum);
}

/** A kept token was served within its time, and as what it is. */
export function checkHit(outcome: CachedToken<string> | Error, token: Issued, now: number): void {
  assert.ok(!(outcome instanceof Error), 'a kept token was not served');
  assert.deepEqual(outcome, { value: token.id, secondsLeft: Math.floor(token.ends - now), result: 'hit' });
  assert.ok(now < token.servedUntil && now < token.ends, 'served past its time');
}

/** An old token was served while its issuer was away, and not for too long. */
export function checkStale(got: CachedToken<string>, old: Issued, now: number): void {
  assert.deepEqual(got, { value: old.id, secondsLeft: Math.floor(old.ends - now), result: 'stale' });
  assert.ok(now < old.ends - 30 || now < old.servedUntil, 'an old token was served too long');
}
