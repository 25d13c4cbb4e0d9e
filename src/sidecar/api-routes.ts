import type { Route } from '../web/router.ts';
import type { SidecarContext } from './context.ts';
import { handleExchange } from './exchange.ts';
import { handleIntrospect } from './introspect.ts';
import { handleIntrospectAny, handleOAuthIntrospect } from './standard/introspect.ts';
import { handleMetadata } from './standard/metadata.ts';
import type { OwnBase } from './standard/metadata.ts';
import { handleOAuthToken } from './standard/token.ts';
import { handleToken } from './token.ts';

/** The API of one application (sidecar-sdk.md 3.1, 3.7), at one listener. `context` is asked for at the start of each request. */
export function apiRoutes(context: () => SidecarContext, base: OwnBase): readonly Route[] {
  return [
    { method: 'POST', path: '/api/v1/token', handle: (request) => handleToken(request, context()) },
    { method: 'POST', path: '/api/v1/token/exchange', handle: (request) => handleExchange(request, context()) },
    { method: 'POST', path: '/api/v1/introspect', handle: (request) => handleIntrospect(request, context()) },
    {
      method: 'POST',
      path: '/oauth2/:provider/token',
      handle: (request, { provider = '' }) => handleOAuthToken(request, provider, context()),
    },
    {
      method: 'POST',
      path: '/oauth2/:provider/introspect',
      handle: (request, { provider = '' }) => handleOAuthIntrospect(request, provider, context()),
    },
    { method: 'POST', path: '/oauth2/introspect', handle: (request) => handleIntrospectAny(request, context()) },
    {
      method: 'GET',
      path: '/.well-known/oauth-authorization-server/oauth2/:provider',
      handle: (request, { provider = '' }) => handleMetadata(provider, base(request), context()),
    },
  ];
}

/**
 * The path of the route a request went to, parameters not filled in, or `other`: neither strangers nor providers make labels.
 */
export function pathLabels(routes: readonly Pick<Route, 'path'>[]): (path: string) => string {
  const paths = routes.map((route) => route.path);
  const exact = new Set(paths.filter((path) => !path.includes(':')));
  const patterns = paths.filter((path) => !exact.has(path)).map((path) => ({ path, segments: path.split('/') }));
  return (path) => {
    if (exact.has(path)) return path;
    const asked = path.split('/');
    const fits = (segments: readonly string[]): boolean =>
      segments.length === asked.length && segments.every((each, at) => each.startsWith(':') || each === asked[at]);
    return patterns.find(({ segments }) => fits(segments))?.path ?? 'other';
  };
}
