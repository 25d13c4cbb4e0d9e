import type { ClientCall, Realm } from '../persona.ts';
import { refreshUsage } from './faulty-refresh.ts';
import { hasMembers, keyOf, putJson, readJson } from './records.ts';
import { Refusal } from './refusal.ts';
import type { UserGrant } from './user-grant.ts';

interface RefreshRecord {
  readonly grant: UserGrant;
  readonly expiresAt: number;
}

/** Whose a refresh token was that is used up. */
type Spent = Pick<UserGrant, 'grantId' | 'clientId'>;

const isSpent = hasMembers<Spent>('grantId', 'clientId');
const isRefresh = hasMembers<RefreshRecord>('grant', 'expiresAt');
/** Longest time a mark about a grant or session has to be remembered: the longest authorization of a client. */
const MARK_SECONDS = 90 * 24 * 60 * 60;

/** A new refresh token for the grant, if the client gets one; it never outlives the authorization. */
export async function issueRefreshToken(
  { realm, client: { refresh }, policy }: ClientCall,
  grant: UserGrant,
): Promise<string | undefined> {
  if (refresh.issued === 'never') return undefined;
  if (refresh.issued === 'with-offline_access' && !grant.scopes.includes('offline_access')) return undefined;
  const now = realm.now();
  const expiresAt = Math.min(now + refresh.lifetimeSeconds, grant.startedAt + refresh.authorizationSeconds);
  if (expiresAt <= now) return undefined;
  const value = policy.makeRefreshToken();
  // Kept for twice its life, so that one used too late can be told from an unknown one.
  await putJson(realm.store, recordKey(realm, value), { grant, expiresAt }, 2 * (expiresAt - now));
  return value;
}

/** What the grant behind a refresh token gives, and the token that goes on: the same, or a new one. `use` that throws spends nothing. Throws a Refusal named `refresh-…`. */
export async function useRefreshToken<T>(
  call: ClientCall,
  value: string,
  use: (grant: UserGrant) => Promise<T>,
): Promise<{ readonly given: T; readonly next: string | undefined }> {
  const { realm, client } = call;
  const key = recordKey(realm, value);
  const found = await readJson(realm.store, key, isRefresh);
  if (found === undefined) {
    const spent = await readJson(realm.memory, keyOf('refreshed', value), isSpent);
    throw await refuseSpent(call, spent?.value);
  }
  const { grant, expiresAt } = found.value;
  if (grant.clientId !== client.id || grant.tenant !== call.place.tenant) {
    throw new Refusal('refresh-other-client', { client: client.id });
  }
  if (expiresAt <= realm.now() || (await isRevoked(realm, grant))) {
    // Late once is late for good, whatever the clock does next.
    await realm.store.update(key, found.version, Buffer.from(JSON.stringify({ grant, expiresAt: 0 })));
    throw new Refusal('refresh-expired');
  }
  const usage = await refreshUsage(realm, client, grant);
  const given = await use(grant);
  if (usage === 'reuse') return { given, next: value };
  if (usage === 'one-time') {
    // Of two requests with the same one-time token exactly one takes it.
    if ((await realm.store.take(key)) === undefined) throw await refuseSpent(call, grant);
    await putJson(realm.memory, keyOf('refreshed', value), spentOf(grant), expiresAt - realm.now());
  }
  return { given, next: await issueRefreshToken(call, grant) };
}

/** A token that was used before is somebody's copy: nobody can tell whose, so the grant ends (RFC 9700 4.14.2). */
async function refuseSpent({ realm, client, policy }: ClientCall, spent: Spent | undefined): Promise<Refusal> {
  if (policy.refreshReuseRevokes === true && spent?.clientId === client.id) await revokeGrant(realm, spent.grantId);
  return new Refusal('refresh-unknown');
}

function spentOf({ grantId, clientId }: UserGrant): Spent {
  return { grantId, clientId };
}

/** A live refresh token of this persona, whoever asks. `expiresAt` in seconds since the epoch. */
export async function readRefreshToken(realm: Realm, value: string): Promise<RefreshRecord | undefined> {
  const found = (await readJson(realm.store, recordKey(realm, value), isRefresh))?.value;
  if (found === undefined || found.expiresAt <= realm.now()) return undefined;
  return (await isRevoked(realm, found.grant)) ? undefined : found;
}

/** Ends a grant: its refresh tokens, and its access tokens where we are asked about them. */
export async function revokeGrant(realm: Realm, grantId: string): Promise<void> {
  await realm.store.put(markKey(realm, 'grant', grantId), Buffer.from('1'), MARK_SECONDS);
}

/** Ends what an SSO session gave away for signing in only; tokens with further scopes stay valid. */
export async function revokeSession(realm: Realm, sid: string): Promise<void> {
  await realm.store.put(markKey(realm, 'session', sid), Buffer.from('1'), MARK_SECONDS);
}

/** Whether the grant was ended by code reuse or by logout. */
export async function isRevoked(realm: Realm, grant: Pick<UserGrant, 'grantId' | 'sid' | 'scopes'>): Promise<boolean> {
  if ((await realm.store.read(markKey(realm, 'grant', grant.grantId))) !== undefined) return true;
  const { outlives = goesBeyondSignIn } = realm.persona.logout ?? {};
  return !outlives(grant.scopes) && (await realm.store.read(markKey(realm, 'session', grant.sid))) !== undefined;
}

function goesBeyondSignIn(scopes: readonly string[]): boolean {
  return scopes.some((scope) => scope !== 'openid' && scope !== 'profile');
}

function recordKey(realm: Realm, value: string): string {
  return keyOf(`idp ${realm.persona.name} refresh`, value);
}

function markKey(realm: Realm, kind: 'grant' | 'session', id: string): string {
  return `idp ${realm.persona.name} ended ${kind} ${id}`;
}
