import { json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import { atEndpoint, jsonEndpoint, neverStored } from '../engine/endpoint.ts';
import { readBody } from '../engine/parameters.ts';
import { answerTokenRequest } from '../engine/token.ts';
import { publishWithAlg } from '../personas/idporten-documents.ts';
import { maskinportenMetadata } from '../personas/maskinporten.ts';
import type { Site } from '../persona.ts';

/** Maskinporten: metadata as an OAuth server only, keys, one grant. */
export function maskinportenRoutes(site: Site): readonly Route[] {
  const { realm, place } = site;
  const at = { realm, endpoint: 'token', correlationId: undefined };
  return [
    {
      method: 'GET',
      path: '/.well-known/oauth-authorization-server',
      handle: (http) =>
        atEndpoint({ realm, endpoint: 'metadata' }, http, () => json(200, maskinportenMetadata(place.issuer))),
    },
    {
      method: 'GET',
      path: '/jwk',
      handle: (http) =>
        atEndpoint({ realm, endpoint: 'jwks' }, http, () =>
          json(200, { keys: realm.keys.published.map(publishWithAlg) }),
        ),
    },
    { method: 'POST', path: '/token', handle: (http) => jsonEndpoint(at, http, () => token(site, http)) },
  ];
}

async function token(site: Site, http: HttpRequest): Promise<HttpResponse> {
  const form = await readBody(http);
  return neverStored(200, await answerTokenRequest({ ...site, form }, undefined));
}
