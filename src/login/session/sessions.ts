/** Sessions in the store: found by ticket, ended by ticket, by the provider's `sid`, or by user. */
import { createHash } from 'node:crypto';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../../oauth/time.ts';
import { HOUR, MINUTE } from '../../oauth/time.ts';
import { createMarkerBudget } from './marker-budget.ts';
import type { SessionRecord } from './record.ts';
import { openRecord, sealRecord } from './record.ts';
import type { Ticket } from './ticket.ts';
import { recordKey, sessionReference } from './ticket.ts';

const INDEX_GRACE_SECONDS: number = 1 * HOUR;
const ENDED_MARKER_SECONDS: number = 10 * MINUTE;
/** Channel on which replicas hear that a session changed; nobody may depend on it alone. */
const CHANNEL = 'login:sessions';

/** A session as it was read, with what is needed to replace it. */
export interface StoredSession {
  readonly key: string;
  readonly ticket: Ticket;
  readonly record: SessionRecord;
  /** The store's version: the compare-and-set fence. */
  readonly version: number;
}

/** The sessions of one client at one provider. Every operation may reject with StoreUnavailable. */
export interface Sessions {
  /** The session of a ticket; undefined when it is gone, does not open, or belongs to another provider. */
  load(ticket: Ticket): Promise<StoredSession | undefined>;
  /**
   * Writes indexes, then the record; undefined when a logout of its `sid`, or of its user at or after `issuedAt`, overtook the
   * login. `issuedAt`: when the provider issued its ID token, in seconds by the provider's clock.
   */
  create(ticket: Ticket, record: SessionRecord, issuedAt: number): Promise<StoredSession | undefined>;
  /** Replaces exactly the version that was read; never revives an ended session. */
  replace(session: StoredSession, record: SessionRecord): Promise<'ok' | 'gone' | 'conflict'>;
  /** Ends a session and answers its last record: a refresh may have changed it since it was read. */
  end(session: StoredSession): Promise<SessionRecord>;
  /** Ends by key alone, for deletions repeated after the store was down. */
  endByTicket(ticket: Ticket): Promise<void>;
  /**
   * Ends every session of a provider session and leaves a marker; answers their keys. `proven`: the provider itself said so.
   * Of what strangers may ask for, markers for sessions nobody has heard of are bounded.
   */
  endBySid(sid: string, proven?: boolean): Promise<readonly string[]>;
  /** Ends every session of a user and leaves a marker for those begun until `issuedAt`, in seconds; answers their keys. */
  endBySubject(subject: string, issuedAt: number): Promise<readonly string[]>;
  /** Calls back when a session with this key changed on any replica. */
  onChange(key: string, listener: () => void): () => void;
  /** Calls back with the key of every session that changed on any replica, whichever provider it is of. */
  onAnyChange(listener: (key: string) => void): () => void;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function storeKey(key: string): string {
  return `login:session:${key}`;
}

/** Sessions over a store. `now` in seconds; session times are milliseconds. */
export function createSessions(options: {
  readonly store: Store;
  readonly now: Clock;
  readonly provider: string;
  readonly clientId: string;
  /** The provider's issuer, once it is known: a session of any other is none of ours. */
  readonly issuer?: () => string | undefined;
  /** For whoever reads what another program wrote under the same keys: the client is that one's to judge. */
  readonly ofAnyClient?: boolean;
  /** The same of the provider, for whoever knows but one, which may go by another name there. */
  readonly ofAnyProvider?: boolean;
  readonly onUnreadable: (reference: string) => void;
}): Sessions {
  const { store, now, provider, clientId } = options;
  const scope = hash(JSON.stringify([provider, clientId]));
  const sidIndex = (sid: string): string => `login:sid:${scope}:${hash(sid)}`;
  const subjectIndex = (subject: string): string => `login:sub:${scope}:${hash(subject)}`;
  const endedKey = (sid: string): string => `login:ended:${scope}:${hash(sid)}`;
  const endedUserKey = (subject: string): string => `login:ended-user:${scope}:${hash(subject)}`;
  const mayMark = createMarkerBudget(now);

  /** Answers whether there was one. */
  async function remove(key: string, record: SessionRecord | undefined): Promise<boolean> {
    const wasThere = await store.delete(storeKey(key));
    await forget(key, record);
    return wasThere;
  }

  async function forget(key: string, record: SessionRecord | undefined): Promise<void> {
    if (record?.sid !== undefined) await store.removeFromIndex(sidIndex(record.sid), key);
    if (record !== undefined) await store.removeFromIndex(subjectIndex(record.subject), key);
    await store.publish(CHANNEL, key);
  }

  async function load(ticket: Ticket): Promise<StoredSession | undefined> {
    const key = recordKey(ticket.sessionId);
    const stored = await store.read(storeKey(key));
    if (stored === undefined) return undefined;
    const record = openRecord(stored.value, ticket.dataKey, key);
    if (record === undefined) options.onUnreadable(sessionReference(key));
    if (record === undefined) return undefined;
    if (record.provider !== provider && options.ofAnyProvider !== true) return undefined;
    if (options.ofAnyClient === true) return { key, ticket, record, version: stored.version };
    if (record.clientId !== clientId) return undefined;
    const issuer = options.issuer?.();
    if (issuer !== undefined && record.issuer !== issuer) return undefined;
    return { key, ticket, record, version: stored.version };
  }

  /** Whether a logout came in while the session was made. */
  async function isOvertaken(record: SessionRecord, issuedAt: number): Promise<boolean> {
    if (record.sid !== undefined && (await store.read(endedKey(record.sid))) !== undefined) return true;
    const marker = await store.read(endedUserKey(record.subject));
    return marker !== undefined && issuedAt <= Number(marker.value.toString('utf8'));
  }

  async function removeAll(index: string): Promise<readonly string[]> {
    const ended: string[] = [];
    for (const key of await store.members(index)) {
      // What ended through the other index may still be a member of this one.
      if (await remove(key, undefined)) ended.push(key);
      await store.removeFromIndex(index, key);
    }
    return ended;
  }

  return {
    load,
    async create(ticket, record, issuedAt) {
      const key = recordKey(ticket.sessionId);
      const ttlSeconds = Math.max(1, Math.ceil(record.times.endsAt / 1000 - now()));
      const indexSeconds = ttlSeconds + INDEX_GRACE_SECONDS;
      if (record.sid !== undefined) await store.addToIndex(sidIndex(record.sid), key, indexSeconds);
      await store.addToIndex(subjectIndex(record.subject), key, indexSeconds);
      await store.create(storeKey(key), sealRecord(record, ticket.dataKey, key), ttlSeconds);
      const session = await load(ticket);
      if (!(await isOvertaken(record, issuedAt))) return session;
      await remove(key, record);
      return undefined;
    },
    async replace(session, record) {
      const value = sealRecord(record, session.ticket.dataKey, session.key);
      const outcome = await store.update(storeKey(session.key), session.version, value);
      if (outcome === 'ok') await store.publish(CHANNEL, session.key);
      return outcome;
    },
    async end({ key, ticket, record }) {
      const taken = await store.take(storeKey(key));
      await forget(key, record);
      return (taken && openRecord(taken, ticket.dataKey, key)) ?? record;
    },
    async endByTicket(ticket) {
      const session = await load(ticket);
      await remove(recordKey(ticket.sessionId), session?.record);
    },
    async endBySid(sid, proven = false) {
      const known = proven || (await store.members(sidIndex(sid))).length > 0;
      // Before the index is read for good: a session made meanwhile is in one of them, or sees the marker.
      if (known || mayMark()) await store.put(endedKey(sid), Buffer.of(1), ENDED_MARKER_SECONDS);
      return removeAll(sidIndex(sid));
    },
    async endBySubject(subject, issuedAt) {
      const key = endedUserKey(subject);
      const before = Number((await store.read(key))?.value.toString('utf8') ?? 0);
      await store.put(key, Buffer.from(String(Math.max(before, issuedAt))), ENDED_MARKER_SECONDS);
      return removeAll(subjectIndex(subject));
    },
    onChange: (key, listener) =>
      store.subscribe(CHANNEL, (changed) => {
        if (changed === key) listener();
      }),
    onAnyChange: (listener) => store.subscribe(CHANNEL, listener),
  };
}
