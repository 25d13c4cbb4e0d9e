import { randomBytes } from 'node:crypto';
import { parseCookies, setCookie } from '../../web/cookies.ts';
import type { HttpRequest } from '../../web/http.ts';
import type { Realm, Site } from '../persona.ts';
import { hasMembers, keyOf, putJson, readJson } from './records.ts';
import { revokeSession } from './refresh-tokens.ts';

/** A person signed in at one place, in one browser. `authTime` and `usedAt` in seconds since the epoch. */
export interface SsoSession {
  readonly sid: string;
  readonly tenant: string;
  readonly pid: string;
  readonly acr: string;
  readonly amr: readonly string[];
  readonly authTime: number;
  /** When an authorization request last came with it, where the persona counts that. */
  readonly usedAt?: number;
}

/** A session, and the clients that have tokens of it. */
export interface JoinedSession {
  readonly session: SsoSession;
  readonly clients: readonly string[];
}

const isSession = hasMembers<SsoSession>('sid', 'tenant', 'pid', 'acr', 'amr', 'authTime');
const HOUR = 60 * 60;
const COOKIE = /^[A-Za-z0-9_-]{43}$/;

/** The SSO session of this browser at this place; where tenants share an address, of any of them. */
export async function readSso(site: Site, request: HttpRequest): Promise<SsoSession | undefined> {
  const found = await readAnySso(site, request);
  return site.place.shared === true || found?.tenant === site.place.tenant ? found : undefined;
}

/** Whether this browser is signed in, but at another tenant. */
export async function isSignedInElsewhere(site: Site, request: HttpRequest): Promise<boolean> {
  return (await readAnySso(site, request)) !== undefined && (await readSso(site, request)) === undefined;
}

/** Counts the session of this browser as used now: an authorization request came with it. */
export async function touchSso(site: Site, request: HttpRequest): Promise<void> {
  const { realm } = site;
  const secret = readCookie(site, request, 'sso');
  if (realm.persona.sso === undefined || secret === undefined) return;
  const key = recordKey(site, secret);
  const found = await readJson(realm.store, key, isSession);
  if (found === undefined || isOver(realm, found.value)) return;
  const used: SsoSession = { ...found.value, usedAt: Math.floor(realm.now()) };
  // Of two at once either will do, and one that has ended stays so.
  await realm.store.update(key, found.version, Buffer.from(JSON.stringify(used)));
}

async function readAnySso(site: Site, request: HttpRequest): Promise<SsoSession | undefined> {
  const secret = readCookie(site, request, 'sso');
  if (secret === undefined) return undefined;
  const key = recordKey(site, secret);
  const found = await readJson(site.realm.store, key, isSession);
  if (found === undefined || !isOver(site.realm, found.value)) return found?.value;
  // Over once is over for good, whatever the clock does next.
  await site.realm.store.delete(key);
  return undefined;
}

/** Whether the persona's own limits have ended a session; nobody is told of that. */
function isOver({ persona: { sso }, now }: Realm, { authTime, usedAt = authTime }: SsoSession): boolean {
  if (sso === undefined) return false;
  return now() >= usedAt + sso.idleSeconds || now() >= authTime + sso.absoluteSeconds;
}

/** Writes a session under a new cookie value and gives the cookie back; an old one of this browser is forgotten. */
export async function startSso(site: Site, request: HttpRequest, session: SsoSession): Promise<string> {
  const old = readCookie(site, request, 'sso');
  if (old !== undefined) await site.realm.store.delete(recordKey(site, old));
  const secret = await keepSession(site, session);
  return setCookie(cookieName(site), secret, { path: '/', httpOnly: true, secure: site.secure, sameSite: 'Lax' });
}

/** Writes a session and gives the secret that a browser would need to use it again. */
export async function keepSession(site: Site, session: SsoSession): Promise<string> {
  const { realm } = site;
  const secret = randomBytes(32).toString('base64url');
  const key = recordKey(site, secret);
  const seconds = keptSeconds(realm);
  await putJson(realm.store, key, session, seconds);
  await realm.store.put(sidKey(realm, session.sid), Buffer.from(key), seconds);
  await realm.store.addToIndex(sessionsIndex(realm), session.sid, seconds);
  return secret;
}

/** Notes that a client has tokens of this session, for its logout. */
export async function joinSession({ realm }: Site, sid: string, clientId: string): Promise<void> {
  await realm.store.addToIndex(clientsIndex(realm, sid), clientId, keptSeconds(realm));
}

/** A session that is neither ended nor over, by its `sid`. */
async function findSession(realm: Realm, sid: string): Promise<JoinedSession | undefined> {
  const key = await realm.store.read(sidKey(realm, sid));
  const found = key === undefined ? undefined : await readJson(realm.store, key.value.toString(), isSession);
  if (found === undefined || found.value.sid !== sid || isOver(realm, found.value)) return undefined;
  return { session: found.value, clients: await realm.store.members(clientsIndex(realm, sid)) };
}

/** Every session of this persona that is neither ended nor over. */
export async function listSso({ realm }: Pick<Site, 'realm'>): Promise<readonly JoinedSession[]> {
  const sids = await realm.store.members(sessionsIndex(realm));
  const found = await Promise.all(sids.map((sid) => findSession(realm, sid)));
  return found.filter((each) => each !== undefined);
}

/** Ends a session and what it gave away for signing in only. Answers it and the clients that had tokens of it; undefined where it was over before. */
export async function endSso(realm: Realm, sid: string): Promise<JoinedSession | undefined> {
  const { store } = realm;
  const found = await findSession(realm, sid);
  const key = await store.take(sidKey(realm, sid));
  if (key !== undefined) await store.delete(key.toString());
  await revokeSession(realm, sid);
  await store.removeFromIndex(sessionsIndex(realm), sid);
  const index = clientsIndex(realm, sid);
  for (const client of await store.members(index)) await store.removeFromIndex(index, client);
  // Of two logouts at once exactly one took the session, and tells its clients.
  return key === undefined ? undefined : found;
}

/** The name of one of this persona's cookies; ports share cookies, so names must not clash. */
export function cookieName(site: Site, kind: 'sso' | 'tx' = 'sso'): string {
  return `fm_${site.realm.persona.name}_${kind}`;
}

/** The secret in one of our cookies; two cookies of one name count as none, for one of them was put there by another. */
export function readCookie(site: Site, request: HttpRequest, kind: 'sso' | 'tx'): string | undefined {
  const [value, ...others] = parseCookies(request.headers.cookie).get(cookieName(site, kind)) ?? [];
  return value !== undefined && others.length === 0 && COOKIE.test(value) ? value : undefined;
}

/** How long the store holds a session: past the limits of a persona that has some, past any browser's life elsewhere. */
function keptSeconds({ persona }: Realm): number {
  return persona.sso === undefined ? 90 * 24 * HOUR : 12 * HOUR;
}

function recordKey(site: Site, secret: string): string {
  return keyOf(`idp ${site.realm.persona.name} sso`, secret);
}

function sidKey(realm: Realm, sid: string): string {
  return keyOf(`idp ${realm.persona.name} sid`, sid);
}

function clientsIndex(realm: Realm, sid: string): string {
  return `idp ${realm.persona.name} clients ${sid}`;
}

function sessionsIndex(realm: Realm): string {
  return `idp ${realm.persona.name} sessions`;
}
