import type { Clock } from '../../oauth/time.ts';
import { refuse } from '../errors.ts';

/** Tokens a bucket regains each second, and how many it holds. */
export interface BucketRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Failed authentications of one client id from one address. */
const CLAIMED_CLIENT_FAILURES: BucketRate = { perSecond: 20, burst: 60 };
/** Failed authentications from one address, which may be a whole node's. */
const SOURCE_FAILURES: BucketRate = { perSecond: 200, burst: 600 };
/** Authenticated requests of one client: only a good signature charges it, so nobody can starve another client by naming it. */
const CLIENT_REQUESTS: BucketRate = { perSecond: 500, burst: 1000 };
/** Requests in work at once, in each process. */
const MAX_IN_FLIGHT = 200;
/** Buckets of one kind that are remembered; the longest unused goes first. */
const MAX_BUCKETS = 10_000;

/** Token buckets by key, bounded in number. */
export interface Buckets {
  /** False when the bucket is empty. Takes nothing. */
  hasRoom(key: string): boolean;
  /** Takes one; false when there is none. */
  charge(key: string): boolean;
  size(): number;
}

/** Keeps one bucket per key; an unknown key has a full one. */
export function createBuckets(rate: BucketRate, now: Clock, maxBuckets: number = MAX_BUCKETS): Buckets {
  const buckets = new Map<string, { readonly level: number; readonly at: number }>();
  const levelOf = (key: string): number => {
    const bucket = buckets.get(key);
    // A clock that was set back says nothing of the time that passed: nobody waits until it is as late as it was.
    if (bucket === undefined || bucket.at > now()) return rate.burst;
    return Math.min(rate.burst, bucket.level + (now() - bucket.at) * rate.perSecond);
  };
  return {
    hasRoom: (key) => levelOf(key) >= 1,
    charge(key) {
      const level = levelOf(key);
      buckets.delete(key);
      buckets.set(key, { level: Math.max(0, level - 1), at: now() });
      const oldest = buckets.keys().next();
      if (buckets.size > maxBuckets && oldest.done !== true) buckets.delete(oldest.value);
      return level >= 1;
    },
    size: () => buckets.size,
  };
}

/** What stands between a flood and the cryptography. */
export interface Limits {
  /** Counts a request in; throws `overloaded`. Call the result when it is answered. */
  enter(): () => void;
  /** Throws `rate-limited` when the address has failed too often. */
  admitSource(source: string): void;
  /** Throws `rate-limited` when this address failed too often as this client, or the client is over its own limit. */
  admitClient(source: string, claimedClient: string): void;
  /** Remembers a failed authentication. */
  failed(source: string, claimedClient: string | undefined): void;
  /** Charges the authenticated client; throws `rate-limited`. */
  charge(client: string): void;
}

/** The limits of one process, which has its part of every rate where several share the requests. */
export function createLimits(now: Clock, workers: number = 1): Limits {
  const sources = createBuckets(partOf(SOURCE_FAILURES, workers), now);
  const claims = createBuckets(partOf(CLAIMED_CLIENT_FAILURES, workers), now);
  const clients = createBuckets(partOf(CLIENT_REQUESTS, workers), now);
  let inFlight = 0;
  return {
    enter() {
      if (inFlight >= MAX_IN_FLIGHT) throw refuse('overloaded', 'too many requests are in work');
      inFlight += 1;
      return () => {
        inFlight -= 1;
      };
    },
    admitSource: (source) => need(sources.hasRoom(source)),
    admitClient: (source, claimed) => need(claims.hasRoom(`${source} ${claimed}`) && clients.hasRoom(claimed)),
    failed(source, claimed) {
      sources.charge(source);
      if (claimed !== undefined) claims.charge(`${source} ${claimed}`);
    },
    charge: (client) => need(clients.charge(client)),
  };
}

function partOf({ perSecond, burst }: BucketRate, workers: number): BucketRate {
  return { perSecond: perSecond / workers, burst: Math.max(1, Math.floor(burst / workers)) };
}

function need(fine: boolean): void {
  if (!fine) throw refuse('rate-limited', 'too many requests');
}
