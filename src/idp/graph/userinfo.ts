import { readBearer } from '../../oauth/bearer.ts';
import { json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { isRevoked } from '../engine/refresh-tokens.ts';
import type { Realm } from '../persona.ts';
import type { Person } from '../people/person.ts';
import { fullName } from '../people/person.ts';
import { graphError } from './errors.ts';
import { readGraphToken } from './tokens.ts';
import type { GraphGrant } from './tokens.ts';

/** UserInfo of Entra ID (OpenID Connect Core 5.3), at Graph: GET and POST, for users' tokens with `openid`. */
export async function answerGraphUserinfo(realm: Realm, http: HttpRequest): Promise<HttpResponse> {
  const bearer = readBearer(http.headers.authorization);
  const now = realm.now();
  if (bearer.kind === 'none') return unauthorized(http, now, 'Bearer', 'The request has no access token.');
  const grant = bearer.kind === 'token' ? await readGraphToken(realm, bearer.token) : undefined;
  if (grant === undefined || (await isRevoked(realm, grant))) {
    const challenge = 'Bearer error="invalid_token"';
    return unauthorized(http, now, challenge, 'The access token is not for this service, or it has expired.');
  }
  const person = realm.people.all().find(({ pid, employee }) => pid === grant.pid && employee !== undefined);
  if (person === undefined || !grant.scopes.includes('openid')) {
    const message = "A user's token with the scope 'openid' is needed.";
    return graphError(http, { status: 403, code: 'denied', message }, now);
  }
  return json(200, claimsOf(realm, grant, person), { 'Cache-Control': 'no-store' });
}

function claimsOf(realm: Realm, grant: GraphGrant, person: Person): Readonly<Record<string, unknown>> {
  const place = { persona: realm.persona.name, client: grant.client, endpoint: 'userinfo' };
  const other = realm.faults.take(place, 'userinfo-sub') !== undefined;
  return {
    sub: other ? realm.seed.name('entra', 'sub', 'other', grant.sub ?? '') : grant.sub,
    name: fullName(person),
    family_name: person.family,
    given_name: person.given,
    email: person.employee?.preferredUsername,
  };
}

function unauthorized(http: HttpRequest, now: number, challenge: string, message: string): HttpResponse {
  const headers = { 'WWW-Authenticate': challenge };
  return graphError(http, { status: 401, code: 'invalidToken', message, headers }, now);
}
