/** Own routes of an `sso-proxy`: people are sent to the server, what their pages ask is passed on to it. */
import type { TrustedProxies } from '../../web/forwarded.ts';
import { forwardedFor } from '../../web/forwarded.ts';
import { headerPairs } from '../../web/headers.ts';
import type { HttpResponse } from '../../web/http.ts';
import type { Upstream } from '../../web/upstream.ts';
import { emptyAnswer, redirectTo } from '../answers.ts';
import { refuseNonNavigation } from '../attempt/start.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { isPrefetch } from '../guards.ts';
import type { OwnRoute } from '../own-routes.ts';
import { strippedHeaders } from '../proxy/headers.ts';
import { queryValue } from '../query.ts';
import { demandsOf } from '../step-up.ts';

/** The server of the domain, as its proxies reach it. */
export interface SsoServer {
  /** Its public URL. */
  readonly url: string;
  readonly upstream: Upstream;
  readonly trusted: TrustedProxies;
}

type Parameters = readonly (readonly [name: string, value: string | undefined])[];

const CHECK = 'session/forwardauth';
const TOKENS: ReadonlySet<string> = new Set(['authorization', 'x-wonderwall-forward-auth-token']);
const RELAYED: ReadonlyMap<string, readonly string[]> = new Map([
  ['logout/frontchannel', ['GET']],
  ['logout/backchannel', ['POST']],
  ['logout/local', ['GET', 'HEAD', 'POST']],
  ['session', ['GET']],
  ['session/refresh', ['POST', 'GET']],
  [CHECK, ['GET']],
]);
/** Further providers have these routes below their own names. */
const OF_FURTHER_PROVIDER = /^(logout\/(?:front|back)channel)\/[\w-]+$/;

/** With the origin of the page: the server judges by it who asks. */
function sendTo(location: string): HttpResponse {
  const answer = redirectTo(location);
  return { ...answer, headers: { ...answer.headers, 'Referrer-Policy': 'origin' } };
}

function withParameters(url: string, parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of parameters) if (value !== undefined) query.set(name, value);
  return query.size === 0 ? url : `${url}?${query.toString()}`;
}

/**
 * What a link to login may ask for; the proxy's own level and language where it does not say, and the provider that its rule
 * for the target names: the server has none of its rules.
 */
function loginParameters(context: LoginContext, request: OwnRequest): Parameters {
  const { level, locale } = context.provider;
  const target = context.targets.safe(queryValue(request, 'redirect'), request.ingress);
  return [
    ['redirect', target],
    ['level', queryValue(request, 'level') ?? level],
    ['locale', queryValue(request, 'locale') ?? locale],
    ['prompt', queryValue(request, 'prompt')],
    ['max_age', queryValue(request, 'max_age')],
    ['domain_hint', queryValue(request, 'domain_hint')],
    ['provider', queryValue(request, 'provider') ?? demandsOf(context, request.ingress, target).provider],
  ];
}

function logoutParameters(context: LoginContext, request: OwnRequest): Parameters {
  return [
    ['redirect', context.targets.checked(queryValue(request, 'redirect'), request.ingress)],
    ['logout_hint', queryValue(request, 'logout_hint')],
    ['locale', queryValue(request, 'locale')],
    ['provider', queryValue(request, 'provider')],
  ];
}

/** A route that sends people on: never one who is not navigating, without parameters for HEAD. */
function leading(
  methods: readonly string[],
  to: { readonly bare: string; readonly parameters?: (context: LoginContext, request: OwnRequest) => Parameters },
): OwnRoute {
  return {
    methods,
    handle: (context, request) => {
      const { method, headers } = request.http;
      const refused = method === 'POST' ? undefined : refuseNonNavigation(request);
      if (refused !== undefined) return refused;
      if (isPrefetch(headers)) return emptyAnswer(503);
      if (method === 'HEAD') return redirectTo(to.bare);
      return sendTo(withParameters(to.bare, to.parameters?.(context, request) ?? []));
    },
  };
}

/** No provider answers here: whoever comes back all the same begins anew. */
const toOwnLogin: OwnRoute = {
  methods: ['GET'],
  handle: (_context, request) => refuseNonNavigation(request) ?? redirectTo(`${request.ingress.path}/oauth2/login`),
};

/** Pages of this host may ask for checks, and a token that a page can read is a token that whoever runs a script on it can take. */
function withoutTokens(raw: readonly string[]): readonly string[] {
  return headerPairs(raw)
    .filter(([name]) => !TOKENS.has(name.toLowerCase()))
    .flat();
}

/** A route that the server answers: cookies, origin, referrer and fetch metadata reach it as the browser sent them. */
function relayed(methods: readonly string[], name: string, server: SsoServer): OwnRoute {
  const { host, pathname } = new URL(server.url);
  const base = pathname.replace(/(?<!\/)\/+$/, '');
  return {
    methods,
    handle: (_context, { http }) => {
      const kept = headerPairs(strippedHeaders(http.rawHeaders, () => false)).filter(
        ([header]) => header.toLowerCase() !== 'host',
      );
      return server.upstream.forward(http, {
        path: `${base}/oauth2/${name}${http.query === '' ? '' : `?${http.query}`}`,
        headers: ['Host', host, ...kept.flat()],
        own: ['X-Forwarded-For', forwardedFor(http, server.trusted), 'X-Request-Id', http.correlationId],
        ...(name === CHECK ? { responseHeaders: withoutTokens } : {}),
      });
    },
  };
}

/** The routes of a proxy whose sessions another program keeps, but `ping`, by their path below `/oauth2/`. */
export function createSharedRoutes(server: SsoServer): (path: string) => OwnRoute | undefined {
  const url = server.url.replace(/(?<!\/)\/+$/, '');
  const login = leading(['GET', 'HEAD'], { bare: `${url}/oauth2/login`, parameters: loginParameters });
  const logout = leading(['GET', 'HEAD', 'POST'], { bare: `${url}/oauth2/logout`, parameters: logoutParameters });
  const led: ReadonlyMap<string, OwnRoute> = new Map([
    ['login', login],
    ['callback', toOwnLogin],
    ['logout', logout],
    ['logout/callback', leading(['GET'], { bare: `${url}/oauth2/logout` })],
  ]);
  return (path) => {
    const own = led.get(path);
    if (own !== undefined) return own;
    const methods = RELAYED.get(path.replace(OF_FURTHER_PROVIDER, '$1'));
    return methods === undefined ? undefined : relayed(methods, path, server);
  };
}
