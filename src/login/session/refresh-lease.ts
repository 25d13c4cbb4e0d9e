/** At most one refresh of a session at a time, over all replicas: one holds the lease, the others wait for what comes of it. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Lease } from '../../store/store.ts';
import type { LoginParts, RefreshOutcome } from '../context.ts';
import { nowMilliseconds } from './present-session.ts';
import type { StoredSession } from './sessions.ts';

const LEASE_SECONDS = 10;
const RENEW_MILLISECONDS = 3000;
const MAX_RENEWALS = 10;
const POLL_MILLISECONDS = 250;
const SHORT_WAIT_MILLISECONDS = 2000;
const LONG_WAIT_MILLISECONDS = 15_000;
const COMFORTABLE_LIFE_MILLISECONDS = 10_000;
/** Channel on which waiting replicas hear that nothing came of a refresh; nobody may depend on it. */
const FAILED_CHANNEL = 'login:refresh-failed';

/** An outcome to go on with, and what still has to be done under the lease. */
export interface Held {
  readonly outcome: RefreshOutcome;
  readonly rest?: Promise<unknown>;
}

/** For failures that whoever asked is told of already. */
export function noop(): void {}

function takeLease({ store }: LoginParts, { key }: StoredSession): Promise<Lease | undefined> {
  return store.lease(`login:refresh:${key}`, LEASE_SECONDS);
}

/** Renews a lease for half a minute: whoever takes longer is not waited for, and finds out when it writes. */
function keepRenewing(lease: Lease): () => void {
  let left = MAX_RENEWALS;
  const renewing = setInterval(() => {
    left -= 1;
    if (left <= 0) clearInterval(renewing);
    void lease.renew().catch(noop);
  }, RENEW_MILLISECONDS);
  return () => clearInterval(renewing);
}

/** What is done under a lease; `onFailed` is called when nothing came of it. */
interface Work {
  readonly work: () => Promise<Held>;
  readonly onFailed: () => void;
}

/** Holds the lease for as long as the work and its rest take, renewing it on the way. */
async function holding(
  { store, background }: LoginParts,
  { key, lease }: { readonly key: string; readonly lease: Lease },
  { work, onFailed }: Work,
): Promise<RefreshOutcome> {
  const stopRenewing = keepRenewing(lease);
  async function letGoAfter(rest: Promise<unknown> | undefined): Promise<void> {
    await rest?.catch(noop);
    stopRenewing();
    // A lease that stays behind keeps everybody waiting for nobody.
    await lease.release().catch(() => background.insist(() => lease.release()));
  }
  try {
    const { outcome, rest } = await work();
    if (outcome.kind === 'failed') {
      onFailed();
      // Before the lease is free, or whoever waits would take it and fail once more.
      await store.publish(FAILED_CHANNEL, key).catch(noop);
    }
    if (rest === undefined) await letGoAfter(rest);
    else background.run(() => letGoAfter(rest), noop);
    return outcome;
  } catch (error) {
    await letGoAfter(undefined);
    throw error;
  }
}

/** Told that the holder failed: until `leave` is called, and at once. */
function listenForFailure(
  { store }: LoginParts,
  key: string,
): { readonly failed: AbortSignal; readonly leave: () => void } {
  const heard = new AbortController();
  const leave = store.subscribe(FAILED_CHANNEL, (failed) => {
    if (failed === key) heard.abort();
  });
  return { failed: heard.signal, leave };
}

async function untilChange(context: LoginParts, key: string, failed: AbortSignal): Promise<void> {
  const changed = new AbortController();
  const unsubscribe = context.sessions.onChange(key, () => changed.abort());
  const signal = AbortSignal.any([changed.signal, failed]);
  await wait(POLL_MILLISECONDS + Math.random() * POLL_MILLISECONDS, undefined, { signal }).catch(noop);
  unsubscribe();
}

/** What came of the holder's work; a lease where it was left behind with nothing done. */
async function awaitHolder(context: LoginParts, seen: StoredSession): Promise<RefreshOutcome | Lease> {
  const comfortable = seen.record.times.expireAt - nowMilliseconds(context) >= COMFORTABLE_LIFE_MILLISECONDS;
  const limit = performance.now() + (comfortable ? SHORT_WAIT_MILLISECONDS : LONG_WAIT_MILLISECONDS);
  const { failed, leave } = listenForFailure(context, seen.key);
  try {
    while (performance.now() < limit) {
      await untilChange(context, seen.key, failed);
      const session = await context.sessions.load(seen.ticket);
      if (session === undefined) return { kind: 'gone' };
      if (session.version !== seen.version) return { kind: 'session', session };
      if (failed.aborted) return { kind: 'failed', session };
      const lease = await takeLease(context, seen);
      if (lease !== undefined) return lease;
    }
  } finally {
    leave();
  }
  return comfortable ? { kind: 'session', session: seen } : { kind: 'failed', session: seen };
}

/**
 * Does the work under the lease of its session, or answers what whoever holds it came to: waits at most 15 s for that, 2 s where
 * the token lives ten more. `onFailed` is called when this replica's own work failed. Rejects with StoreUnavailable.
 */
export async function underLease(parts: LoginParts, session: StoredSession, work: Work): Promise<RefreshOutcome> {
  const got = (await takeLease(parts, session)) ?? (await awaitHolder(parts, session));
  return 'kind' in got ? got : holding(parts, { key: session.key, lease: got }, work);
}
