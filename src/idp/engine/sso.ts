import { createHash, randomBytes } from 'node:crypto';
import { parseCookies, setCookie } from '../../web/cookies.ts';
import type { HttpRequest } from '../../web/http.ts';
import type { Site } from '../persona.ts';
import { hasMembers, keyOf, putJson, readJson } from './records.ts';
import { revokeSession } from './refresh-tokens.ts';

/** A person signed in at one place, in one browser. `authTime` in seconds since the epoch. */
export interface SsoSession {
  readonly sid: string;
  readonly tenant: string;
  readonly pid: string;
  readonly acr: string;
  readonly amr: readonly string[];
  readonly authTime: number;
}

const isSession = hasMembers<SsoSession>('sid', 'tenant', 'pid', 'acr', 'amr', 'authTime');
const LIFETIME_SECONDS = 12 * 60 * 60;
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

async function readAnySso(site: Site, request: HttpRequest): Promise<SsoSession | undefined> {
  const secret = readCookie(site, request, 'sso');
  if (secret === undefined) return undefined;
  return (await readJson(site.realm.store, recordKey(site, secret), isSession))?.value;
}

/** Writes a session under a new cookie value and gives the cookie back; an old one of this browser is forgotten. */
export async function startSso(site: Site, request: HttpRequest, session: SsoSession): Promise<string> {
  const { store } = site.realm;
  const old = readCookie(site, request, 'sso');
  if (old !== undefined) await store.delete(recordKey(site, old));
  const secret = randomBytes(32).toString('base64url');
  const key = recordKey(site, secret);
  await putJson(store, key, session, LIFETIME_SECONDS);
  await store.put(sidKey(site, session.sid), Buffer.from(key), LIFETIME_SECONDS);
  await store.addToIndex(sessionsIndex(site), session.sid, LIFETIME_SECONDS);
  return setCookie(cookieName(site), secret, { path: '/', httpOnly: true, secure: site.secure, sameSite: 'Lax' });
}

/** Notes that a client has tokens of this session, for its logout. */
export async function joinSession(site: Site, sid: string, clientId: string): Promise<void> {
  await site.realm.store.addToIndex(clientsIndex(site, sid), clientId, LIFETIME_SECONDS);
}

/** Ends a session and what it gave away for signing in only. Answers the clients that had tokens of it. */
export async function endSso(site: Site, sid: string): Promise<readonly string[]> {
  const { store } = site.realm;
  const key = await store.take(sidKey(site, sid));
  await store.removeFromIndex(sessionsIndex(site), sid);
  if (key !== undefined) await store.delete(key.toString());
  await revokeSession(site.realm, sid);
  const clients = await store.members(clientsIndex(site, sid));
  for (const client of clients) await store.removeFromIndex(clientsIndex(site, sid), client);
  return clients;
}

/** Every session of this persona, with the clients that have tokens of it; those of all its places. */
export async function listSso(
  site: Site,
): Promise<readonly { readonly session: SsoSession; readonly clients: readonly string[] }[]> {
  const { store } = site.realm;
  const sids = await store.members(sessionsIndex(site));
  const found = await Promise.all(
    sids.map(async (sid) => {
      const key = await store.read(sidKey(site, sid));
      const record = key === undefined ? undefined : await readJson(store, key.value.toString(), isSession);
      if (record === undefined) return [];
      return [{ session: record.value, clients: await store.members(clientsIndex(site, sid)) }];
    }),
  );
  return found.flat();
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

function recordKey(site: Site, secret: string): string {
  return keyOf(`idp ${site.realm.persona.name} sso`, secret);
}

function sidKey(site: Site, sid: string): string {
  return `idp ${site.realm.persona.name} sid ${createHash('sha256').update(sid).digest('base64url')}`;
}

function sessionsIndex(site: Site): string {
  return `idp ${site.realm.persona.name} sids`;
}

function clientsIndex(site: Site, sid: string): string {
  return `idp ${site.realm.persona.name} clients ${sid}`;
}
