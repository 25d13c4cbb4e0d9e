import { invalidRequest } from '../../oauth/errors.ts';
import { empty, json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { lookUpProvider } from '../context.ts';
import type { SidecarContext } from '../context.ts';
import { about } from '../wire/about.ts';
import { grantsOf } from './grants.ts';

/** How the caller reached this listener: scheme and host, without a slash at the end. Throws OAuthError. */
export type OwnBase = (request: HttpRequest) => string;

/** That of a listener with an address: the one `Host` that the front door let in. */
export function baseFromHost(request: HttpRequest): string {
  const url = `http://${request.headers.host ?? ''}`;
  if (!URL.canParse(url)) throw invalidRequest('Host has a port that is none');
  return new URL(url).origin;
}

/** That of a socket, which has no name of its own: clients have to put something in front of the path. */
export function baseOfSocket(): string {
  return 'http://localhost';
}

/**
 * GET /.well-known/oauth-authorization-server/oauth2/{provider} (RFC 8414): a provider that is on, as an authorization server of
 * this application. Where forms are refused there is none.
 */
export function handleMetadata(name: string, base: string, context: SidecarContext): HttpResponse {
  const found = lookUpProvider(context, name);
  if (found === undefined || 'off' in found || context.jsonOnly) return empty(404);
  const issuer = `${base}/oauth2/${encodeURIComponent(name)}`;
  const grants = grantsOf(found.provider, context.now);
  const document = {
    issuer,
    ...(grants.length === 0 ? {} : { token_endpoint: `${issuer}/token` }),
    token_endpoint_auth_methods_supported: ['none'],
    introspection_endpoint: `${issuer}/introspect`,
    introspection_endpoint_auth_methods_supported: ['none'],
    grant_types_supported: grants,
    // There is no authorization endpoint; RFC 8414 2 requires the member all the same.
    response_types_supported: [],
  };
  return about(name, json(200, document));
}
