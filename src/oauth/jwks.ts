import type { Algorithm } from './algorithms.ts';
import { DocumentUnavailable, fetchAgingDocument } from './document.ts';
import type { Fetch } from './fetch.ts';
import { importVerificationKey, type VerificationKey } from './jwk.ts';
import { JoseError } from './jws.ts';
import { isSameKey, parseJwks, selectKeys, withoutAmbiguous } from './jwks-document.ts';
import { type KeySetAddress, type KeySetPace, keySetAddress, patienceOf, softAgeOf } from './jwks-pace.ts';
import { KeyRefused } from './key-material.ts';
import type { FetchCause, KeySet, KeySetEvent } from './key-set.ts';
import { createFetchPacing } from './key-set-pacing.ts';
import { type Clock, DAY, neverBack } from './time.ts';

export { parseJwks } from './jwks-document.ts';
export type { FetchCause, KeySet, KeySetEvent } from './key-set.ts';

/** Where a remote key set is, and what it runs on. */
export interface RemoteKeySetOptions {
  readonly jwksUri: string | (() => Promise<string | KeySetAddress>);
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly onEvent?: (event: KeySetEvent) => void;
  /** A fetch was wanted, and not made because the last one was a moment ago. May be as frequent as requests are. */
  readonly onSuppressed?: (because: FetchCause) => void;
  readonly pace?: KeySetPace;
  /** Seconds to which pauses grow while fetches bring nothing new; for key ids that no stranger can make up, 5 will do. */
  readonly longestPauseSeconds?: number;
  /** Which URLs may be talked to; https, and http to loopback, unless given. */
  readonly isAllowedUrl?: (url: string) => boolean;
  /** Seconds without a byte after which a fetch is given up, where what fetches has no such limit. */
  readonly quietSeconds?: number;
  /** Keeps keys without `kid`, which are skipped otherwise. */
  readonly allowMissingKid?: boolean;
  /** What keys without `alg` are for, if they can do it; every algorithm of their type unless given. */
  readonly fallbackAlgorithm?: Algorithm | undefined;
  /** 0..1, for the spread of ages and pauses. */
  readonly random?: () => number;
  /** Waits between attempts, in milliseconds. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

const MAX_BYTES = 256 * 1024;
const HARD_AGE = DAY;

/** A key set that never changes. Throws KeyRefused if a key cannot be used, or if two different ones have the same `kid`. */
export function createStaticKeySet(keys: readonly unknown[]): KeySet {
  const { keys: all, skipped } = withoutAmbiguous(keys.map(importVerificationKey), []);
  if (skipped.length > 0) throw new KeyRefused('another key has the same kid');
  const standing = {};
  return {
    keysFor: (kid, algorithm) => Promise.resolve(selectKeys(all, kid, algorithm)),
    keysInMemory: (kid, algorithm) => selectKeys(all, kid, algorithm),
    refresh: () => Promise.resolve(false),
    standing: () => standing,
    state: () => ({ keys: all.length, generation: 0 }),
    ready: () => Promise.resolve(true),
    close: () => {},
  };
}

/**
 * The key set behind a URL, fetched when first needed and kept fresh: after 10 minutes in the background, at once for an unknown
 * `kid` as far as the cool-down allows. While fetches fail the old set serves for 24 hours. One fetch at a time.
 */
export function createRemoteKeySet(options: RemoteKeySetOptions): KeySet {
  const { random = Math.random } = options;
  const elapsed = neverBack(options.now);
  const pacing = createFetchPacing(elapsed, random, {
    longestPauseSeconds: options.longestPauseSeconds,
    ...options.pace,
  });
  const stop = new AbortController();
  let keys: readonly VerificationKey[] = [];
  let skippedBefore: readonly string[] = [];
  let generation = 0;
  let standing = {};
  let fetchedAt: number | undefined;
  let softAge = 0;
  let failure: string | undefined;
  let inFlight: Promise<boolean> | undefined;

  /** A listener cannot change what becomes of a set, nor end the process from a fetch in the background. */
  const tell = (event: KeySetEvent): void => {
    try {
      options.onEvent?.(event);
    } catch {
      // The listener's bug, in a place where nobody is left to tell.
    }
  };

  const ageSeconds = (): number => (fetchedAt === undefined ? Number.POSITIVE_INFINITY : elapsed() - fetchedAt);
  const usable = (): boolean => !stop.signal.aborted && ageSeconds() < HARD_AGE;

  const causeOf = (becauseOfKid: boolean): FetchCause =>
    fetchedAt === undefined ? 'first' : becauseOfKid ? 'unknown_kid' : 'age';

  async function fetchOnce(becauseOfKid: boolean): Promise<boolean> {
    const because = causeOf(becauseOfKid);
    let url = typeof options.jwksUri === 'string' ? options.jwksUri : '';
    try {
      const given = typeof options.jwksUri === 'string' ? url : await options.jwksUri();
      const { reach, ...address } = keySetAddress(given);
      ({ url } = address);
      const limits = { ...patienceOf(options.pace), maxBytes: MAX_BYTES, reach, signal: stop.signal };
      const { document, maxAgeSeconds } = await fetchAgingDocument(url, { ...options, ...limits });
      const { keys: fresh, skipped } = parseJwks(document, options);
      for (const reason of skipped.filter((text) => !skippedBefore.includes(text))) {
        tell({ event: 'jwks.key_skipped', url, reason });
      }
      skippedBefore = skipped;
      if (fresh.length === 0) throw new DocumentUnavailable('no usable key');
      accept(fresh, becauseOfKid);
      softAge = softAgeOf(options.pace, maxAgeSeconds, random());
      tell({ event: 'jwks.fetched', url, keys: fresh.length, generation, because });
      return true;
    } catch (error) {
      if (stop.signal.aborted) return false;
      pacing.failed();
      failure = error instanceof DocumentUnavailable ? error.reason : 'discovery failed';
      const age = ageSeconds();
      const aged = Number.isFinite(age) ? { ageSeconds: age } : {};
      tell({ event: 'jwks.failed', url, reason: failure, ...aged, because });
      return false;
    }
  }

  function accept(fresh: readonly VerificationKey[], becauseOfKid: boolean): void {
    const lost = keys.some((old) => !fresh.some((key) => isSameKey(key, old)));
    const gained = fresh.some((key) => !keys.some((old) => isSameKey(key, old)));
    if (lost) {
      generation += 1;
      standing = {};
    }
    keys = fresh;
    fetchedAt = elapsed();
    failure = undefined;
    pacing.succeeded(becauseOfKid && !gained ? 'fruitless' : 'fresh');
  }

  /** Joins the fetch in flight or starts one; false when the cool-down forbids it or it failed. Never rejects. */
  function load(becauseOfKid: boolean): Promise<boolean> {
    if (inFlight !== undefined) return inFlight;
    if (stop.signal.aborted) return Promise.resolve(false);
    if (!pacing.allowed()) {
      options.onSuppressed?.(causeOf(becauseOfKid));
      return Promise.resolve(false);
    }
    pacing.started();
    inFlight = fetchOnce(becauseOfKid).finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  }

  /** Whether there is a usable set; one that is due is refreshed in the background. */
  function atHand(): boolean {
    if (!usable()) return false;
    if (ageSeconds() >= softAge) void load(false);
    return true;
  }

  function keysInMemory(kid: string | undefined, algorithm: string): readonly VerificationKey[] | undefined {
    if (!atHand()) return undefined;
    const found = selectKeys(keys, kid, algorithm);
    // While fetches fail a key that was missing a moment ago may be there by now.
    const isMiss = (): boolean => kid !== undefined && failure === undefined && pacing.isKnownMiss(kid);
    if (found.length > 0 || kid === undefined) return found;
    if (!isMiss()) return undefined;
    options.onSuppressed?.('unknown_kid');
    return found;
  }

  async function keysFor(kid: string | undefined, algorithm: string): Promise<readonly VerificationKey[]> {
    if (!usable()) await load(false);
    if (!usable()) throw unavailable();
    const known = keysInMemory(kid, algorithm);
    if (known !== undefined || kid === undefined) return known ?? [];
    const isNew = await load(true);
    const foundNow = selectKeys(keys, kid, algorithm);
    if (foundNow.length > 0) return foundNow;
    // A token is not refused for want of a document that may well hold its key.
    if (!usable() || failure !== undefined) throw unavailable();
    if (isNew) pacing.missed(kid);
    return foundNow;
  }

  return {
    keysFor,
    keysInMemory,
    refresh: () => load(true),
    standing: () => (atHand() ? standing : undefined),
    state: () => ({
      keys: keys.length,
      generation,
      ...(fetchedAt === undefined ? {} : { fetchedAt: options.now() - ageSeconds() }),
      ...(failure === undefined ? {} : { failure }),
      ...(fetchedAt === undefined ? {} : { skipped: skippedBefore.length }),
    }),
    ready: async () => atHand() || ((await load(false)) && usable()),
    close: () => stop.abort(),
  };
}

function unavailable(): JoseError {
  return new JoseError('keys_unavailable', 'the keys of the issuer cannot be had');
}
