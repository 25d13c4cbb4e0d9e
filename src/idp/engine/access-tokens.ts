import { randomBytes } from 'node:crypto';
import { numberClaim, stringClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { wholeSeconds } from '../journal.ts';
import type { Realm } from '../persona.ts';
import { readOwnToken } from './own-token.ts';
import { hasMembers, keyOf, putJson, readJson } from './records.ts';
import { isRevoked } from './refresh-tokens.ts';
import type { UserGrant } from './user-grant.ts';

type Issued = Pick<UserGrant, 'grantId' | 'sid' | 'scopes'>;

const isIssued = hasMembers<Issued>('grantId', 'sid', 'scopes');

/** Remembers which grant an access token is from, so that ending the grant ends the token here too. */
export async function noteAccessToken(realm: Realm, jti: string, grant: UserGrant, ttlSeconds: number): Promise<void> {
  const issued: Issued = { grantId: grant.grantId, sid: grant.sid, scopes: grant.scopes };
  await putJson(realm.memory, `access ${jti}`, issued, ttlSeconds);
}

/** The grant an access token is from, while we remember it. */
export async function grantOfAccessToken(realm: Realm, jti: string): Promise<string | undefined> {
  return (await readJson(realm.memory, `access ${jti}`, isIssued))?.value.grantId;
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

/** The claims of {@link readAccessToken}, if the token has not expired and nobody has ended its grant. */
export async function readLiveToken(realm: Realm, issuer: string, token: string): Promise<Claims | undefined> {
  const claims = await readAccessToken(realm, issuer, token);
  if (claims === undefined || (numberClaim(claims, 'exp') ?? 0) <= realm.now()) return undefined;
  const issued = await readJson(realm.memory, `access ${stringClaim(claims, 'jti') ?? ''}`, isIssued);
  return issued !== undefined && (await isRevoked(realm, issued.value)) ? undefined : claims;
}
