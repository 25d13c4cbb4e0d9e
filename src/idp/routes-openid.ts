import { json } from '../web/http.ts';
import type { HttpRequest, HttpResponse } from '../web/http.ts';
import type { Route } from '../web/router.ts';
import { authorize } from './engine/authorize.ts';
import { endSession } from './engine/end-session.ts';
import { jsonEndpoint, neverStored, pageEndpoint } from './engine/endpoint.ts';
import { answerPushedRequest } from './engine/par.ts';
import { readBody } from './engine/parameters.ts';
import { answerTokenRequest } from './engine/token.ts';
import { answerUserinfo } from './engine/userinfo.ts';
import { oauthMetadata, openidMetadata, publishKey } from './personas/generic-documents.ts';
import type { GenericSettings } from './personas/generic-settings.ts';
import type { Site } from './persona.ts';

type Handle = (http: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** A generic persona: documents and tokens, and what people visit where it has people. */
export function genericRoutes(site: Site, settings: GenericSettings): readonly Route[] {
  const { realm, place } = site;
  return [
    get('/.well-known/oauth-authorization-server', () => json(200, oauthMetadata(settings, place.issuer))),
    get('/jwks', () => json(200, { keys: realm.keys.published.map(publishKey) })),
    post(
      '/token',
      forClients(site, 'token', (http) => token(site, http)),
    ),
    ...userRoutes(site, settings),
  ];
}

function userRoutes(site: Site, settings: GenericSettings): readonly Route[] {
  const { realm, place } = site;
  const { authorize: policy, logout } = realm.persona;
  if (policy === undefined || logout === undefined) return [];
  const signIn = forPeople(site, 'authorize', (http) => authorize(site, policy, http));
  const signOut = forPeople(site, 'logout', (http) => endSession(site, logout, http));
  const userinfo: Handle = (http) => answerUserinfo(site, http);
  return [
    get('/.well-known/openid-configuration', () => json(200, openidMetadata(settings, place.issuer))),
    post(
      '/par',
      forClients(site, 'par', (http) => par(site, http)),
    ),
    ...[get, post].flatMap((on) => [on('/authorize', signIn), on('/logout', signOut)]),
    get('/userinfo', userinfo),
    ...(settings.userinfoPost === 'none' ? [] : [post('/userinfo', userinfo)]),
  ];
}

async function par(site: Site, http: HttpRequest): Promise<HttpResponse> {
  const form = await readBody(http);
  return neverStored(201, await answerPushedRequest({ ...site, form }, http.headers.authorization));
}

async function token(site: Site, http: HttpRequest): Promise<HttpResponse> {
  const form = await readBody(http);
  return neverStored(200, await answerTokenRequest({ ...site, form }, http.headers.authorization));
}

function forClients({ realm }: Site, endpoint: string, run: (http: HttpRequest) => Promise<HttpResponse>): Handle {
  const at = { realm, endpoint, correlationId: undefined };
  return (http) => jsonEndpoint(at, http, () => run(http));
}

function forPeople({ realm }: Site, endpoint: string, run: (http: HttpRequest) => Promise<HttpResponse>): Handle {
  return (http) => pageEndpoint({ realm, endpoint }, http, () => run(http));
}

function get(path: string, handle: Handle): Route {
  return { method: 'GET', path, handle };
}

function post(path: string, handle: Handle): Route {
  return { method: 'POST', path, handle };
}
