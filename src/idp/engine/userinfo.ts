import { readBearer } from '../../oauth/bearer.ts';
import { numberClaim, stringClaim } from '../../oauth/jwt.ts';
import { empty, json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { Site } from '../persona.ts';
import { hasMembers, putJson, readJson } from './records.ts';
import type { Realm } from '../persona.ts';
import { readOwnToken } from './own-token.ts';
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

/** UserInfo (OpenID Connect Core 5.3): who the access token is about. */
export async function answerUserinfo(site: Site, http: HttpRequest): Promise<HttpResponse> {
  const bearer = readBearer(http.headers.authorization);
  if (bearer.kind === 'none') return empty(401, { 'WWW-Authenticate': 'Bearer' });
  const { realm, place } = site;
  const claims = bearer.kind === 'token' ? readOwnToken(realm, place.issuer, bearer.token) : undefined;
  const jti = claims === undefined ? undefined : stringClaim(claims, 'jti');
  const live = claims?.['token_type'] === 'Bearer' && (numberClaim(claims, 'exp') ?? 0) > realm.now();
  if (claims === undefined || jti === undefined || !live) return invalidToken();
  const issued = await readJson(realm.memory, `access ${jti}`, isIssued);
  if (issued !== undefined && (await isRevoked(realm, issued.value))) return invalidToken();
  const pid = stringClaim(claims, 'pid');
  const locale = pid === undefined ? undefined : realm.people.find(pid)?.locale;
  return json(200, { sub: claims['sub'], pid, locale }, { 'Cache-Control': 'no-store' });
}

function invalidToken(): HttpResponse {
  return empty(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
}
