/** Refreshing a session: one call to the provider per session, whatever the number of requests and replicas. */
import { setTimeout as wait } from 'node:timers/promises';
import { JoseError } from '../oauth/jws.ts';
import { classifyRefreshFailure, refreshTokens } from '../providers/refresh-grant.ts';
import type { RefreshFailure } from '../providers/refresh-grant.ts';
import type { TokenSet } from '../providers/tokens.ts';
import type { Lease } from '../store/store.ts';
import type { LoginContext, RefreshOutcome, Refresher } from './context.ts';
import { nowMilliseconds, revokeBehind, tellEnded } from './present-session.ts';
import type { SessionRecord } from './record.ts';
import { isRefreshPossible, refreshTimes, sessionPhase } from './session.ts';
import type { StoredSession } from './sessions.ts';
import { sessionReference } from './ticket.ts';
import { verifyRefreshed } from './verify-login.ts';

const LEASE_SECONDS = 10;
const RENEW_MILLISECONDS = 3000;
const POLL_MILLISECONDS = 250;
const SHORT_WAIT_MILLISECONDS = 2000;
const LONG_WAIT_MILLISECONDS = 15_000;
const COMFORTABLE_LIFE_MILLISECONDS = 10_000;

/** A mismatch between the refreshed ID token and the login it belongs to. */
class IdentityMismatch extends Error {}

type Parts = Omit<LoginContext, 'refresher'>;

function asContext(parts: Parts, refresher: Refresher): LoginContext {
  return { ...parts, refresher };
}

/** Holds the lease for as long as the work takes, renewing it on the way. */
async function holding<T>(lease: Lease, work: () => Promise<T>): Promise<T> {
  const renewing = setInterval(() => void lease.renew().catch(() => undefined), RENEW_MILLISECONDS);
  try {
    return await work();
  } finally {
    clearInterval(renewing);
    await lease.release().catch(() => undefined);
  }
}

/** The ID token to keep: the new one when it is right, the old one when there is none or it cannot be judged. */
async function keepIdToken(
  context: LoginContext,
  record: SessionRecord,
  tokens: TokenSet,
): Promise<Partial<SessionRecord>> {
  if (tokens.idToken === undefined) return {};
  try {
    const metadata = await context.client.metadata.get();
    const { idToken, accessToken } = tokens;
    const verified = await verifyRefreshed(context, metadata, { idToken, accessToken, earlier: record });
    return { idToken: verified.token, acr: verified.acr ?? record.acr, sid: record.sid ?? verified.sid };
  } catch (error) {
    if (error instanceof JoseError && error.code === 'keys_unavailable') return {};
    throw error instanceof JoseError ? new IdentityMismatch(error.message, { cause: error }) : error;
  }
}

async function refreshedRecord(context: LoginContext, record: SessionRecord, tokens: TokenSet): Promise<SessionRecord> {
  return {
    ...record,
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken ?? record.refreshToken,
    ...(await keepIdToken(context, record, tokens)),
    times: refreshTimes(record.times, {
      now: nowMilliseconds(context),
      tokenLifetime: tokens.expiresInSeconds * 1000,
      lifetimes: context.config.lifetimes,
    }),
  };
}

function tellFailure(
  context: LoginContext,
  session: StoredSession,
  failure: { outcome: RefreshFailure; reason: string },
): void {
  const { name: provider, clientId } = context.config.provider;
  const reference = sessionReference(session.key);
  context.emit({ event: 'session.refresh_failed', provider, client_id: clientId, session_ref: reference, ...failure });
}

/** A refusal for good: unless somebody else refreshed meanwhile, the session is over. */
async function endRefused(context: LoginContext, session: StoredSession): Promise<RefreshOutcome> {
  const now = await context.sessions.load(session.ticket);
  if (now === undefined) return { kind: 'gone' };
  if (now.version !== session.version) return { kind: 'session', session: now };
  await context.sessions.end(now);
  tellEnded(context, now, 'refused');
  return { kind: 'gone' };
}

async function store(context: LoginContext, session: StoredSession, tokens: TokenSet): Promise<RefreshOutcome> {
  const record = await refreshedRecord(context, session.record, tokens);
  const outcome = await context.sessions.replace(session, record);
  if (outcome === 'gone') revokeBehind(context, tokens);
  const stored = await context.sessions.load(session.ticket);
  if (stored === undefined) return { kind: 'gone' };
  const { name: provider, clientId } = context.config.provider;
  const reference = sessionReference(session.key);
  context.emit({ event: 'session.refreshed', provider, client_id: clientId, session_ref: reference, outcome: 'ok' });
  return { kind: 'session', session: stored };
}

/** The holder's work: read again, call the provider, write with the version read. */
async function refreshAsHolder(context: LoginContext, seen: StoredSession): Promise<RefreshOutcome> {
  const session = await context.sessions.load(seen.ticket);
  if (session === undefined) return { kind: 'gone' };
  const { refreshToken } = session.record;
  if (session.version !== seen.version || refreshToken === undefined) return { kind: 'session', session };
  try {
    const tokens = await refreshTokens(context.client, refreshToken, context.config.provider.scopes);
    return await store(context, session, tokens);
  } catch (error) {
    const outcome = error instanceof IdentityMismatch ? 'fatal' : classifyRefreshFailure(error);
    tellFailure(context, session, { outcome, reason: error instanceof Error ? error.message : 'unknown' });
    return outcome === 'fatal' ? endRefused(context, session) : { kind: 'failed', session };
  }
}

/** Somebody else holds the lease: wait for what comes of it. */
async function awaitHolder(context: LoginContext, seen: StoredSession): Promise<RefreshOutcome> {
  const comfortable = seen.record.times.expireAt - nowMilliseconds(context) >= COMFORTABLE_LIFE_MILLISECONDS;
  const limit = performance.now() + (comfortable ? SHORT_WAIT_MILLISECONDS : LONG_WAIT_MILLISECONDS);
  while (performance.now() < limit) {
    const woken = new AbortController();
    const unsubscribe = context.sessions.onChange(seen.key, () => woken.abort());
    await wait(POLL_MILLISECONDS + Math.random() * POLL_MILLISECONDS, undefined, { signal: woken.signal }).catch(
      () => undefined,
    );
    unsubscribe();
    const session = await context.sessions.load(seen.ticket);
    if (session === undefined) return { kind: 'gone' };
    if (session.version !== seen.version) return { kind: 'session', session };
  }
  return comfortable ? { kind: 'session', session: seen } : { kind: 'failed', session: seen };
}

/** Refreshes sessions; requests for the same session in this process share one refresh. */
export function createRefresher(parts: Parts): Refresher {
  const running = new Map<string, Promise<RefreshOutcome>>();

  async function run(session: StoredSession): Promise<RefreshOutcome> {
    const lease = await parts.store.lease(`login:refresh:${session.key}`, LEASE_SECONDS);
    const context = asContext(parts, refresher);
    if (lease === undefined) return awaitHolder(context, session);
    return holding(lease, () => refreshAsHolder(context, session));
  }

  const refresher: Refresher = {
    refresh(session) {
      const { times, refreshToken } = session.record;
      const now = Math.round(parts.now() * 1000);
      const alive = sessionPhase(times, now) === 'active';
      if (!alive || !isRefreshPossible(times, refreshToken !== undefined, now)) {
        return Promise.resolve({ kind: 'session', session });
      }
      const shared = running.get(session.key);
      if (shared !== undefined) return shared;
      const work = run(session).finally(() => running.delete(session.key));
      running.set(session.key, work);
      return work;
    },
  };
  return refresher;
}
