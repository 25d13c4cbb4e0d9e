import { readBearer } from '../../oauth/bearer.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { stringListClaim } from '../../oauth/jwt.ts';
import { json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { parseQuery } from '../../web/forms.ts';
import type { Site } from '../persona.ts';
import { readLiveToken } from './access-tokens.ts';
import { challenge } from './userinfo.ts';

/** An API to try tokens on (RFC 6750): the token in the header and nowhere else, for this issuer or this address, and live. */
export async function answerResource(
  { realm, place }: Site,
  isAccessToken: (claims: Claims) => boolean,
  http: HttpRequest,
): Promise<HttpResponse> {
  const query = parseQuery(http.query);
  if (!query.ok || query.form.names.includes('access_token')) return challenge(400, 'invalid_request');
  const bearer = readBearer(http.headers.authorization);
  if (bearer.kind === 'none') return challenge(401);
  const claims = bearer.kind === 'token' ? await readLiveToken(realm, place.issuer, bearer.token) : undefined;
  if (claims === undefined || !isAccessToken(claims)) return challenge(401, 'invalid_token');
  const audience = stringListClaim(claims, 'aud') ?? [];
  if (!audience.some((each) => each === place.issuer || each === `${place.issuer}/resource`)) {
    return challenge(401, 'invalid_token');
  }
  const { sub, client_id, scope } = claims;
  return json(200, { sub, client_id, scope }, { 'Cache-Control': 'no-store' });
}
