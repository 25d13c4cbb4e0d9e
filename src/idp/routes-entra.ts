import { empty, json } from '../web/http.ts';
import type { Form } from '../web/forms.ts';
import type { HttpRequest, HttpResponse } from '../web/http.ts';
import type { Route } from '../web/router.ts';
import { randomUUID } from 'node:crypto';
import { authorize } from './engine/authorize.ts';
import { correlationOf } from './engine/correlation.ts';
import { endSession } from './engine/end-session.ts';
import { jsonEndpoint, neverStored, pageEndpoint } from './engine/endpoint.ts';
import { readBody } from './engine/parameters.ts';
import { Refusal } from './engine/refusal.ts';
import { answerTokenRequest } from './engine/token.ts';
import type { EntraOptions } from './personas/entra.ts';
import { entraInstance, entraMetadata, publishForEntra } from './personas/entra-documents.ts';
import type { Place, Realm, Site } from './persona.ts';
import { isSharedTenant } from './tenants.ts';

/** The local Entra ID of every tenant. `secure`: whether this listener speaks TLS; issuer and URLs are the same either way. */
export function entraRoutes(realm: Realm, options: EntraOptions, secure: boolean): readonly Route[] {
  const site = (segment: string): Site => ({ realm, place: placeOf(realm, options, segment), secure });
  return [
    {
      method: 'GET',
      path: '/common/discovery/instance',
      handle: () => document(entraInstance(options.origin, 'common')),
    },
    ...documentRoutes(realm, options),
    ...tokenRoutes(realm, site),
    ...pageRoutes(realm, site),
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

function tokenRoutes(realm: Realm, site: (segment: string) => Site): readonly Route[] {
  const path = '/:tenant/oauth2/v2.0/token';
  const endpoint = 'token';
  return [
    {
      method: 'POST',
      path,
      handle: async (http, { tenant = '' }) => {
        const form = await readBody(http).catch((error: unknown) => error);
        const correlationId = correlationOf(http, isForm(form) ? form : undefined);
        return await jsonEndpoint({ realm, endpoint, correlationId }, http, async () => {
          if (!isForm(form)) throw form;
          const answer = await answerTokenRequest(
            { ...site(tenantFor(form, tenant)), form },
            http.headers.authorization,
          );
          return withRequestId(neverStored(200, answer));
        });
      },
    },
    {
      method: 'GET',
      path,
      handle: (http) =>
        jsonEndpoint({ realm, endpoint, correlationId: correlationOf(http, undefined) }, http, () =>
          Promise.reject(new Refusal('verb', { verb: http.method })),
        ),
    },
    {
      method: 'OPTIONS',
      path,
      handle: () =>
        empty(204, { ...CORS, 'Access-Control-Allow-Methods': 'POST, OPTIONS', 'Access-Control-Allow-Headers': '*' }),
    },
  ];
}

function pageRoutes(realm: Realm, site: (segment: string) => Site): readonly Route[] {
  const { authorize: policy, logout } = realm.persona;
  if (policy === undefined || logout === undefined) return [];
  const signIn: Route['handle'] = (http, { tenant = '' }) =>
    pageEndpoint({ realm, endpoint: 'authorize' }, http, () =>
      Promise.resolve().then(() => authorize(site(tenant), policy, http)),
    );
  const signOut: Route['handle'] = (http, { tenant = '' }) =>
    pageEndpoint({ realm, endpoint: 'logout' }, http, () =>
      Promise.resolve().then(() => endSession(site(tenant), logout, http)),
    );
  return (['GET', 'POST'] as const).flatMap((method) => [
    { method, path: '/:tenant/oauth2/v2.0/authorize', handle: signIn },
    { method, path: '/:tenant/oauth2/v2.0/logout', handle: signOut },
  ]);
}

const CORS = { 'Access-Control-Allow-Origin': '*' };

/** A tenant's own place; the shared names stand for the default tenant, since tokens always carry a GUID. */
function placeOf(realm: Realm, options: EntraOptions, segment: string): Place {
  const tenant = isSharedTenant(segment) ? options.tenants.defaultTenant : findTenant(realm, options, segment);
  const base = `${options.origin}/${tenant}`;
  return { issuer: `${base}/v2.0`, tokenEndpoint: `${base}/oauth2/v2.0/token`, tenant };
}

function issuerTenant(realm: Realm, options: EntraOptions, segment: string): string {
  return isSharedTenant(segment) ? '{tenantid}' : findTenant(realm, options, segment);
}

function findTenant(realm: Realm, options: EntraOptions, segment: string): string {
  const named = [...realm.snapshot().clients('azure')].map(({ registration }) =>
    registration.provider === 'azure' ? registration.tenant : undefined,
  );
  const found = options.tenants.find(segment, named);
  if (found === undefined) throw new Refusal('tenant-unknown', { tenant: segment });
  return found;
}

/** An application calls for itself in one tenant: the shared names are none. */
function tenantFor(form: Form, segment: string): string {
  if (form.get('grant_type') === 'client_credentials' && isSharedTenant(segment)) {
    throw new Refusal('tenant-unknown', { tenant: segment });
  }
  return segment;
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

function isForm(value: unknown): value is Form {
  return typeof value === 'object' && value !== null && !(value instanceof Error) && 'duplicates' in value;
}
