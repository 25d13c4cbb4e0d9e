import { randomUUID } from 'node:crypto';
import { empty, json } from '../../web/http.ts';
import { parseQuery } from '../../web/forms.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import { authorize } from '../engine/authorize.ts';
import { correlationOf } from '../engine/correlation.ts';
import { endSession } from '../engine/end-session.ts';
import { jsonEndpoint, neverStored, pageEndpoint } from '../engine/endpoint.ts';
import { readBody, readPage } from '../engine/parameters.ts';
import { Refusal } from '../engine/refusal.ts';
import { answerTokenRequest } from '../engine/token.ts';
import { entraInstance, entraMetadata, publishForEntra } from '../personas/entra-documents.ts';
import type { EntraOptions } from '../personas/entra-places.ts';
import { isKnownTenant, placeNamed, signInPlace, signOutPlace, tokenPlace } from '../personas/entra-tenancy.ts';
import type { Realm } from '../persona.ts';
import { isSharedTenant } from '../tenants.ts';

/** The local Entra ID of every tenant. `secure`: whether this listener speaks TLS; issuer and URLs are the same either way. */
export function entraRoutes(realm: Realm, options: EntraOptions, secure: boolean): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/common/discovery/instance',
      handle: (http) => document(entraInstance(options.origin, discoveredTenant(realm, options, http))),
    },
    ...documentRoutes(realm, options),
    ...tokenRoutes(realm, options),
    ...pageRoutes(realm, options, secure),
  ];
}

function documentRoutes(realm: Realm, options: EntraOptions): readonly Route[] {
  const run = (endpoint: 'metadata' | 'jwks', http: HttpRequest, make: () => unknown): Promise<HttpResponse> =>
    jsonEndpoint({ realm, endpoint, correlationId: undefined }, http, () => Promise.resolve(document(make())));
  return [
    {
      method: 'GET',
      path: '/:tenant/v2.0/.well-known/openid-configuration',
      handle: (http, { tenant: segment = '' }) =>
        run('metadata', http, () =>
          entraMetadata({ ...options, segment, tenant: issuerTenant(realm, options, segment) }),
        ),
    },
    {
      method: 'GET',
      path: '/:tenant/discovery/v2.0/keys',
      handle: (http, { tenant: segment = '' }) =>
        run('jwks', http, () => {
          const issuer = `${options.origin}/${issuerTenant(realm, options, segment)}/v2.0`;
          return { keys: realm.keys.published.map((key) => publishForEntra(key, issuer)) };
        }),
    },
  ];
}

function tokenRoutes(realm: Realm, options: EntraOptions): readonly Route[] {
  const path = '/:tenant/oauth2/v2.0/token';
  const endpoint = 'token';
  return [
    {
      method: 'POST',
      path,
      handle: async (http, { tenant: segment = '' }) => {
        const read = await readBody(http).then(
          (form) => ({ form }),
          (error: unknown) => ({ error }),
        );
        const correlationId = correlationOf(http, 'form' in read ? read.form : undefined);
        const answer = await jsonEndpoint({ realm, endpoint, correlationId }, http, async () => {
          if ('error' in read) throw read.error;
          const { form } = read;
          const place = await tokenPlace(options, realm, { segment, form });
          return neverStored(200, await answerTokenRequest({ realm, place, form }, http.headers.authorization));
        });
        return withRequestId(answer);
      },
    },
    {
      method: 'GET',
      path,
      handle: async (http) => {
        const at = { realm, endpoint, correlationId: correlationOf(http, undefined) };
        const refused = new Refusal('verb', { verb: http.method });
        return withRequestId(await jsonEndpoint(at, http, () => Promise.reject(refused)));
      },
    },
    {
      method: 'OPTIONS',
      path,
      handle: () =>
        empty(204, { ...CORS, 'Access-Control-Allow-Methods': 'POST, OPTIONS', 'Access-Control-Allow-Headers': '*' }),
    },
  ];
}

function pageRoutes(realm: Realm, options: EntraOptions, secure: boolean): readonly Route[] {
  const { authorize: policy, logout } = realm.persona;
  if (policy === undefined || logout === undefined) return [];
  const signIn: Route['handle'] = (sent, { tenant: segment = '' }) => {
    const http = rereadable(sent);
    return pageEndpoint({ realm, endpoint: 'authorize' }, http, async () => {
      const place = signInPlace(options, realm, { segment, form: await readPage(http) });
      return await authorize({ realm, place, secure }, policy, http);
    });
  };
  const signOut: Route['handle'] = (sent, { tenant: segment = '' }) => {
    const http = rereadable(sent);
    return pageEndpoint({ realm, endpoint: 'logout' }, http, async () => {
      const place = signOutPlace(options, realm, { segment, form: await readPage(http) });
      return await endSession({ realm, place, secure }, logout, http);
    });
  };
  return (['GET', 'POST'] as const).flatMap((method) => [
    { method, path: '/:tenant/oauth2/v2.0/authorize', handle: signIn },
    { method, path: '/:tenant/oauth2/v2.0/logout', handle: signOut },
  ]);
}

/** The same request with a body that can be read again: a shared address needs to know who is meant before it begins. */
function rereadable(http: HttpRequest): HttpRequest {
  let body: Promise<Buffer> | undefined;
  return { ...http, body: (limitBytes) => (body ??= http.body(limitBytes)) };
}

const CORS = { 'Access-Control-Allow-Origin': '*' };

/** The tenant of the authority that is asked about; `common` for one that is not ours. */
function discoveredTenant(realm: Realm, options: EntraOptions, http: HttpRequest): string {
  const query = parseQuery(http.query);
  const asked = (query.ok ? query.form.get('authorization_endpoint') : undefined) ?? '';
  const segment = asked.startsWith(`${options.origin}/`)
    ? (asked.slice(options.origin.length).split('/')[1] ?? '')
    : '';
  return isKnownTenant(options, realm, segment) ? segment : 'common';
}

function issuerTenant(realm: Realm, options: EntraOptions, segment: string): string {
  return isSharedTenant(segment) ? '{tenantid}' : placeNamed(options, realm, segment).tenant;
}

function document(value: unknown): HttpResponse {
  return withRequestId(json(200, value, { ...CORS, 'Cache-Control': 'max-age=86400, private' }));
}

function withRequestId(response: HttpResponse): HttpResponse {
  return {
    ...response,
    headers: {
      ...response.headers,
      ...CORS,
      'x-ms-request-id': randomUUID(),
      'x-ms-ests-server': '2.1.0 - NEULR1 ProdSlices',
    },
  };
}
