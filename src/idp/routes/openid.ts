import { json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { Form } from '../../web/forms.ts';
import type { Route } from '../../web/router.ts';
import { openToBrowsers } from '../cors.ts';
import { authorize } from '../engine/authorize.ts';
import { endSession } from '../engine/end-session.ts';
import { atEndpoint, jsonEndpoint, neverStored, pageEndpoint } from '../engine/endpoint.ts';
import { introspectToken } from '../engine/introspect.ts';
import { answerPushedRequest } from '../engine/par.ts';
import { readBody } from '../engine/parameters.ts';
import { answerResource } from '../engine/resource.ts';
import { revokeToken } from '../engine/revoke.ts';
import { answerTokenRequest } from '../engine/token.ts';
import { answerUserinfo } from '../engine/userinfo.ts';
import { isAccessToken } from '../personas/generic.ts';
import { oauthMetadata, openidMetadata, publishKey } from '../personas/generic-documents.ts';
import type { GenericSettings } from '../personas/generic-settings.ts';
import type { Call, Site } from '../persona.ts';

type Handle = (http: HttpRequest) => Promise<HttpResponse>;

/** A generic persona: documents and tokens, and what people visit where it has people. */
export function genericRoutes(site: Site, settings: GenericSettings): readonly Route[] {
  const { realm, place } = site;
  const token = atClients(site, 'token', async (call, proof) =>
    neverStored(200, await answerTokenRequest(call, proof)),
  );
  const introspect = atClients(site, 'introspect', async (call, proof) =>
    neverStored(200, await introspectToken(call, proof)),
  );
  const revoke = atClients(site, 'revoke', async (call, proof) => {
    await revokeToken(call, proof);
    return { status: 200, headers: { 'Cache-Control': 'no-store' } };
  });
  const resource = atApi(site, 'resource', (http) => answerResource(site, isAccessToken, http));
  const forClients = [
    document(site, '/.well-known/oauth-authorization-server', () => oauthMetadata(settings, place.issuer)),
    document(site, '/jwks', () => ({ keys: realm.keys.published.map(publishKey) })),
    post('/token', token),
    post('/revoke', revoke),
    ...userRoutes(site, settings),
  ];
  // Only a client without a credential can run in a page.
  const inPages = settings.authMethods.includes('none');
  return [
    ...(inPages ? openToBrowsers(forClients) : forClients),
    post('/introspect', introspect),
    ...(settings.resource ? [get('/resource', resource), post('/resource', resource)] : []),
    ...pageRoutes(site),
  ];
}

/** What people visit. */
function pageRoutes(site: Site): readonly Route[] {
  const { authorize: policy, logout } = site.realm.persona;
  if (policy === undefined || logout === undefined) return [];
  const signIn = atPages(site, 'authorize', (http) => authorize(site, policy, http));
  const signOut = atPages(site, 'logout', (http) => endSession(site, logout, http));
  return [get, post].flatMap((on) => [on('/authorize', signIn), on('/logout', signOut)]);
}

/** What clients that have people ask for. */
function userRoutes(site: Site, settings: GenericSettings): readonly Route[] {
  const { realm, place } = site;
  if (realm.persona.authorize === undefined) return [];
  const userinfo = atApi(site, 'userinfo', (http) => answerUserinfo(site, http));
  const par = atClients(site, 'par', async (call, proof) => neverStored(201, await answerPushedRequest(call, proof)));
  return [
    document(site, '/.well-known/openid-configuration', () => openidMetadata(settings, place.issuer)),
    post('/par', par),
    get('/userinfo', userinfo),
    ...(settings.userinfoPost ? [post('/userinfo', userinfo)] : []),
  ];
}

function document({ realm }: Site, path: string, make: () => unknown): Route {
  const endpoint = path === '/jwks' ? 'jwks' : 'metadata';
  return get(path, (http) => atEndpoint({ realm, endpoint }, http, () => json(200, make())));
}

/** An endpoint that takes a form and the header of a client's credential. */
function atClients(
  site: Site,
  endpoint: string,
  run: (call: Call, authorization: string | undefined) => Promise<HttpResponse>,
): Handle {
  return atApi(site, endpoint, async (http) => {
    const form: Form = await readBody(http, site.realm.persona.repeatable);
    return await run({ ...site, form }, http.headers.authorization);
  });
}

function atApi({ realm }: Site, endpoint: string, run: Handle): Handle {
  const at = { realm, endpoint, correlationId: undefined };
  return (http) => jsonEndpoint(at, http, () => run(http));
}

function atPages({ realm }: Site, endpoint: string, run: Handle): Handle {
  return (http) => pageEndpoint({ realm, endpoint }, http, () => run(http));
}

function get(path: string, handle: Handle): Route {
  return { method: 'GET', path, handle };
}

function post(path: string, handle: Handle): Route {
  return { method: 'POST', path, handle };
}
