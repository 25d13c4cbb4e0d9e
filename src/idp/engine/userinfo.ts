import { readBearer } from '../../oauth/bearer.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { stringClaim } from '../../oauth/jwt.ts';
import { empty, json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { Site } from '../persona.ts';
import { words } from '../words.ts';
import { grantOfAccessToken, readLiveToken } from './access-tokens.ts';
import { readBody } from './parameters.ts';

/** UserInfo (OpenID Connect Core 5.3): who the access token is about. A token in the query is none (RFC 9700 4.3.2). */
export async function answerUserinfo({ realm, place }: Site, http: HttpRequest): Promise<HttpResponse> {
  const policy = realm.persona.userinfo;
  if (policy === undefined) return empty(404);
  const inHeader = readBearer(http.headers.authorization);
  const inBody = policy.tokenInBody && http.method === 'POST' ? await tokenOfBody(http) : undefined;
  // RFC 6750 2: one way at a time.
  if (inHeader.kind !== 'none' && inBody !== undefined) return challenge(400, 'invalid_request');
  const token = inHeader.kind === 'token' ? inHeader.token : inBody;
  if (token === undefined) return inHeader.kind === 'none' ? challenge(401) : challenge(401, 'invalid_token');
  const claims = await readLiveToken(realm, place.issuer, token);
  if (claims === undefined || !policy.isAccessToken(claims)) return challenge(401, 'invalid_token');
  if (lacks(claims, policy.scope)) return challenge(403, 'insufficient_scope', policy.scope);
  const answer = policy.answer(realm, { claims, grant: await grantOfAccessToken(realm, claims) });
  if (answer === undefined) return challenge(401, 'invalid_token');
  return json(200, answer, { 'Cache-Control': 'no-store' });
}

/** What is wrong with the token (RFC 6750 3); without an error there was none. */
export function challenge(status: number, error?: string, scope?: string): HttpResponse {
  const parameters = [
    ...(error === undefined ? [] : [`error="${error}"`]),
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
  ].join(', ');
  return empty(status, { 'WWW-Authenticate': parameters === '' ? 'Bearer' : `Bearer ${parameters}` });
}

function lacks(claims: Claims, scope: string | undefined): boolean {
  return scope !== undefined && !words(stringClaim(claims, 'scope')).includes(scope);
}

async function tokenOfBody(http: HttpRequest): Promise<string | undefined> {
  // A POST with the token in its header need not have a body.
  if (http.headers['content-type'] === undefined) return undefined;
  return (await readBody(http)).get('access_token');
}
