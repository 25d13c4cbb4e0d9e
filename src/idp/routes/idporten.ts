import { json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import { authorize } from '../engine/authorize.ts';
import { endSession } from '../engine/end-session.ts';
import { atEndpoint, jsonEndpoint, neverStored, pageEndpoint } from '../engine/endpoint.ts';
import { introspectToken } from '../engine/introspect.ts';
import { answerPushedRequest } from '../engine/par.ts';
import { readBody } from '../engine/parameters.ts';
import { revokeToken } from '../engine/revoke.ts';
import { answerTokenRequest } from '../engine/token.ts';
import { answerUserinfo } from '../engine/userinfo.ts';
import { idportenMetadata, publishWithAlg } from '../personas/idporten-documents.ts';
import type { Site } from '../persona.ts';

/** Back end of ID-porten: documents, PAR, tokens. `/authorize` and `/logout` are on the login origin only. */
export function idportenRoutes(site: Site, loginOrigin: string): readonly Route[] {
  const { realm, place } = site;
  return [
    get('/.well-known/openid-configuration', (http) =>
      atEndpoint({ realm, endpoint: 'metadata' }, http, () => json(200, idportenMetadata(place.issuer, loginOrigin))),
    ),
    get('/jwks.json', (http) =>
      atEndpoint({ realm, endpoint: 'jwks' }, http, () =>
        json(200, { keys: realm.keys.published.map(publishWithAlg) }),
      ),
    ),
    post('/par', (http) =>
      jsonEndpoint({ realm, endpoint: 'par', correlationId: undefined }, http, () => par(site, http)),
    ),
    post('/token', (http) =>
      jsonEndpoint({ realm, endpoint: 'token', correlationId: undefined }, http, () => token(site, http)),
    ),
    post('/token/introspect', (http) =>
      jsonEndpoint({ realm, endpoint: 'introspect', correlationId: undefined }, http, () => introspect(site, http)),
    ),
    post('/token/revoke', (http) =>
      jsonEndpoint({ realm, endpoint: 'revoke', correlationId: undefined }, http, () => revoke(site, http)),
    ),
    get('/userinfo', (http) => atEndpoint({ realm, endpoint: 'userinfo' }, http, () => answerUserinfo(site, http))),
  ];
}

/** Login origin of ID-porten: what a browser visits. */
export function idportenLoginRoutes(site: Site): readonly Route[] {
  const { realm } = site;
  const { authorize: policy, logout } = realm.persona;
  if (policy === undefined || logout === undefined) return [];
  const signIn = (http: HttpRequest): Promise<HttpResponse> =>
    pageEndpoint({ realm, endpoint: 'authorize' }, http, () => authorize(site, policy, http));
  const signOut = (http: HttpRequest): Promise<HttpResponse> =>
    pageEndpoint({ realm, endpoint: 'logout' }, http, () => endSession(site, logout, http));
  return [get('/authorize', signIn), post('/authorize', signIn), get('/logout', signOut), post('/logout', signOut)];
}

async function par(site: Site, http: HttpRequest): Promise<HttpResponse> {
  const form = await readBody(http);
  return neverStored(201, await answerPushedRequest({ ...site, form }, http.headers.authorization));
}

async function introspect(site: Site, http: HttpRequest): Promise<HttpResponse> {
  const form = await readBody(http);
  return neverStored(200, await introspectToken({ ...site, form }, http.headers.authorization));
}

async function revoke(site: Site, http: HttpRequest): Promise<HttpResponse> {
  const form = await readBody(http);
  await revokeToken({ ...site, form }, http.headers.authorization);
  return { status: 200, headers: { 'Cache-Control': 'no-store' } };
}

async function token(site: Site, http: HttpRequest): Promise<HttpResponse> {
  const form = await readBody(http);
  return neverStored(200, await answerTokenRequest({ ...site, form }, http.headers.authorization));
}

function get(path: string, handle: Route['handle']): Route {
  return { method: 'GET', path, handle };
}

function post(path: string, handle: Route['handle']): Route {
  return { method: 'POST', path, handle };
}
