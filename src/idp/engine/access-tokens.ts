import { randomBytes } from 'node:crypto';
import { numberClaim, stringClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { wholeSeconds } from '../journal.ts';
import type { Realm } from '../persona.ts';
import { readOwnToken } from './own-token.ts';
import { hasMembers, keyOf, putJson, readJson } from './records.ts';
import { isRevoked } from './refresh-tokens.ts';
import type { NotedGrant, UserGrant } from './user-grant.ts';

const isNoted = hasMembers<NotedGrant>('grantId', 'sid', 'scopes', 'pid');

/** Remembers which grant an access token is from, so that ending the grant ends the token here too. */
export async function noteAccessToken(realm: Realm, jti: string, grant: UserGrant, ttlSeconds: number): Promise<void> {
  const { grantId, sid, scopes, pid, sentClaims } = grant;
  const noted: NotedGrant = { grantId, sid, scopes, pid, sentClaims };
  await putJson(realm.memory, `access ${jti}`, noted, ttlSeconds);
}

/** The grant an access token is from, while we remember it. */
export async function grantOfAccessToken(realm: Realm, claims: Claims): Promise<NotedGrant | undefined> {
  return (await readJson(realm.memory, `access ${stringClaim(claims, 'jti') ?? ''}`, isNoted))?.value;
}

/** Ends one access token that is from no grant of a person. */
export async function endAccessToken(realm: Realm, claims: Claims): Promise<void> {
  const left = (numberClaim(claims, 'exp') ?? 0) - realm.now();
  if (left > 0) await realm.memory.put(endedKey(claims), Buffer.alloc(0), left);
}

function endedKey(claims: Claims): string {
  return `ended ${stringClaim(claims, 'jti') ?? ''}`;
}

/** An access token that says nothing by itself; what it stands for is kept here until its `exp`. */
export async function makeOpaqueToken(realm: Realm, client: string, claims: Claims): Promise<string> {
  const raw = randomBytes(32).toString('base64url');
  const ttl = (numberClaim(claims, 'exp') ?? 0) - realm.now();
  await putJson(realm.memory, keyOf('opaque', raw), claims, ttl);
  const time = wholeSeconds(realm.now);
  realm.journal.noteIssued({ persona: realm.persona.name, client, kind: 'access', time, header: {}, claims, raw });
  return raw;
}

/** The claims of a token of this issuer, signed or opaque, expired or not; undefined for anything else. */
export async function readAccessToken(realm: Realm, issuer: string, token: string): Promise<Claims | undefined> {
  const opaque = await readJson(realm.memory, keyOf('opaque', token), isJsonObject);
  if (opaque !== undefined) return opaque.value['iss'] === issuer ? opaque.value : undefined;
  return readOwnToken(realm, issuer, token);
}

/** The claims of {@link readAccessToken}, if the token has not expired and nobody has ended it or its grant. */
export async function readLiveToken(realm: Realm, issuer: string, token: string): Promise<Claims | undefined> {
  const claims = await readAccessToken(realm, issuer, token);
  if (claims === undefined || (numberClaim(claims, 'exp') ?? 0) <= realm.now()) return undefined;
  if ((await realm.memory.read(endedKey(claims))) !== undefined) return undefined;
  const grant = await grantOfAccessToken(realm, claims);
  return grant !== undefined && (await isRevoked(realm, grant)) ? undefined : claims;
}
