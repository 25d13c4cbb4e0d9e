import { readBearer } from '../../oauth/bearer.ts';
import { stringClaim } from '../../oauth/jwt.ts';
import { empty, json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { Site } from '../persona.ts';
import { readLiveToken } from './access-tokens.ts';

/** UserInfo (OpenID Connect Core 5.3): who the access token is about. */
export async function answerUserinfo(site: Site, http: HttpRequest): Promise<HttpResponse> {
  const bearer = readBearer(http.headers.authorization);
  if (bearer.kind === 'none') return empty(401, { 'WWW-Authenticate': 'Bearer' });
  const { realm, place } = site;
  const claims = bearer.kind === 'token' ? await readLiveToken(realm, place.issuer, bearer.token) : undefined;
  if (claims?.['token_type'] !== 'Bearer') return invalidToken();
  const pid = stringClaim(claims, 'pid');
  const locale = pid === undefined ? undefined : realm.people.find(pid)?.locale;
  return json(200, { sub: claims['sub'], pid, locale }, { 'Cache-Control': 'no-store' });
}

function invalidToken(): HttpResponse {
  return empty(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
}
