/** Where every request comes in: host, path, then one of our own routes or the application. */
import type { Duplex } from 'node:stream';
import { AuditUnavailable } from '../observe/audit.ts';
import { StoreUnavailable } from '../store/errors.ts';
import type { TrustedProxies } from '../web/forwarded.ts';
import { headerValues } from '../web/headers.ts';
import type { HttpRequest, HttpResponse } from '../web/http.ts';
import { empty } from '../web/http.ts';
import { refuseUpgrade } from '../web/respond.ts';
import { emptyAnswer, problem } from './answers.ts';
import type { LoginContext, OwnRequest } from './context.ts';
import type { ForwardAuth } from './forward-auth/check.ts';
import type { Place, RequestWatch, RequestWatcher } from './figures/requests.ts';
import { corsHeaders } from './guards.ts';
import type { Ingress } from './ingress.ts';
import { ingressesOfHost, matchIngress } from './ingress.ts';
import type { OwnRoute } from './own-routes.ts';
import { findOwnRoute, OWN_ROUTES } from './own-routes.ts';
import type { CanonicalPath } from './proxy/path.ts';
import { isForwardableQuery, judgePath } from './proxy/path.ts';
import type { Proxy, ProxiedRequest } from './proxy/proxy.ts';

const OWN_SEGMENT = 'oauth2';

type Found =
  | { readonly kind: 'answer'; readonly answer: HttpResponse }
  | { readonly kind: 'check'; readonly check: () => Promise<HttpResponse> }
  | { readonly kind: 'own'; readonly request: OwnRequest; readonly route: string }
  | { readonly kind: 'proxied'; readonly request: ProxiedRequest };

/** What the entrance leads to. */
export interface EntranceParts {
  readonly proxy: Proxy;
  readonly trusted: TrustedProxies;
  readonly watcher: RequestWatcher;
  /** Finds the own routes of a role that has others than usual. */
  readonly findRoute?: (
    context: LoginContext,
    path: string,
  ) => { readonly route: OwnRoute; readonly at: LoginContext } | undefined;
  /** Where outer proxies ask about requests that they hold. */
  readonly forwardAuth?: ForwardAuth;
}

/** The public side of the login proxy. */
export interface Entrance {
  handle(request: HttpRequest): Promise<HttpResponse>;
  upgrade(request: HttpRequest, socket: Duplex, head: Buffer): Promise<void>;
}

function answerWith(status: number): Found {
  return { kind: 'answer', answer: empty(status, status === 400 ? { Connection: 'close' } : {}) };
}

/** Where a request was going, in words of ours alone. */
function placeOf(found: Found, { siblings }: LoginContext): Place {
  if (found.kind === 'answer') return { route: 'other', host: 'other' };
  if (found.kind === 'check') return { route: 'forward-auth', host: 'other' };
  const host = found.request.ingress?.host ?? 'other';
  if (found.kind === 'proxied') return { route: 'proxied', host };
  // The routes of further providers count as those of the default one.
  const cut = found.route.lastIndexOf('/');
  const route = siblings.named(found.route.slice(cut + 1)) === undefined ? found.route : found.route.slice(0, cut);
  return { route: OWN_ROUTES.has(route) ? route : 'other', host };
}

/** Makes the entrance: the only thing that looks at `Host` and paths. */
export function createEntrance(context: LoginContext, parts: EntranceParts): Entrance {
  const { config } = context;

  function hostOf(http: HttpRequest): string {
    const forwarded = headerValues(http.rawHeaders, 'x-forwarded-host');
    const believed = forwarded.length === 1 && parts.trusted.has(http.remoteAddress) ? forwarded[0] : undefined;
    return believed ?? http.headers.host ?? '';
  }

  function ingressFor(http: HttpRequest, path: CanonicalPath): Ingress | 'service' | 'unknown-host' | undefined {
    const host = hostOf(http);
    const candidates = ingressesOfHost(config.ingresses, host);
    if (candidates.length > 0) return matchIngress(candidates, path);
    if (config.serviceHosts.includes(host.toLowerCase())) return 'service';
    return config.compat.anyHost ? matchIngress(config.ingresses, path) : 'unknown-host';
  }

  function find(http: HttpRequest): Found {
    const check = parts.forwardAuth?.(http, hostOf(http));
    if (check !== undefined) return { kind: 'check', check };
    const path = judgePath(http.path, config.pathAllow);
    const ingress = path === undefined ? undefined : ingressFor(http, path);
    // The host is judged first, so that strangers learn nothing about paths.
    if (ingress === 'unknown-host' || (path === undefined && !isKnownHost(http))) return answerWith(421);
    if (path === undefined || !isForwardableQuery(http.query)) return answerWith(400);
    if (ingress === undefined) return answerWith(404);
    if (ingress === 'service') {
      return path.segments[0] === OWN_SEGMENT
        ? answerWith(404)
        : { kind: 'proxied', request: { http, path, ingress: undefined } };
    }
    const below = path.segments.slice(ingress.segments.length);
    if (below[0] === OWN_SEGMENT) return { kind: 'own', request: { http, ingress }, route: below.slice(1).join('/') };
    return { kind: 'proxied', request: { http, path, ingress } };
  }

  function isKnownHost(http: HttpRequest): boolean {
    const host = hostOf(http).toLowerCase();
    return (
      config.compat.anyHost || config.serviceHosts.includes(host) || ingressesOfHost(config.ingresses, host).length > 0
    );
  }

  async function answerOwn(request: OwnRequest, name: string): Promise<HttpResponse> {
    const found = (parts.findRoute ?? findOwnRoute)(context, name);
    if (found === undefined) return emptyAnswer(404);
    const { route, at } = found;
    const { method } = request.http;
    if (method === 'OPTIONS') return preflight(request, route);
    if (!route.methods.includes(method)) return emptyAnswer(405, { Allow: route.methods.join(', ') });
    return readable(request, route, await answerOf(request, { route, at }));
  }

  async function answerOf(
    request: OwnRequest,
    { route, at }: { readonly route: OwnRoute; readonly at: LoginContext },
  ): Promise<HttpResponse> {
    try {
      return await route.handle(at, request);
    } catch (error) {
      if (!(error instanceof StoreUnavailable) && !(error instanceof AuditUnavailable)) throw error;
      if (error instanceof StoreUnavailable) context.emit({ event: 'store.unavailable', reason: error.message });
      return problem(request, { page: 'store-down', status: 503 });
    }
  }

  /** For pages of allowed origins; but what is meant for people's eyes is none of theirs: it may hold an ID token. */
  function readable({ http }: OwnRequest, { cors: methods }: OwnRoute, answer: HttpResponse): HttpResponse {
    const type = String(answer.headers?.['Content-Type'] ?? '');
    if (methods === undefined || type.startsWith('text/html')) return answer;
    const cors = corsHeaders(http, { origins: config.allowedOrigins, methods });
    return { ...answer, headers: { ...cors, ...answer.headers } };
  }

  async function answerTo(found: Found, watch: RequestWatch): Promise<HttpResponse> {
    if (found.kind === 'answer') return found.answer;
    if (found.kind === 'check') return found.check();
    if (found.kind === 'own') return answerOwn(found.request, found.route);
    return parts.proxy.handle({ ...found.request, watch });
  }

  function preflight(request: OwnRequest, route: OwnRoute): HttpResponse {
    const cors = corsHeaders(request.http, { origins: config.allowedOrigins, methods: route.methods.join(', ') });
    if (cors['vary'] === undefined) return emptyAnswer(405, { Allow: route.methods.join(', ') });
    return emptyAnswer(204, cors);
  }

  return {
    async handle(http) {
      const found = find(http);
      const watch = parts.watcher.begin(http, placeOf(found, context));
      try {
        const answer = await watch.run(() => answerTo(found, watch));
        if (answer.stream !== undefined) return watch.streamed(answer);
        watch.answered(answer.status);
        return answer;
      } catch (error) {
        watch.answered(500);
        throw error;
      }
    },
    async upgrade(http, socket, head) {
      const found = find(http);
      const watch = parts.watcher.begin(http, placeOf(found, context));
      if (found.kind === 'proxied')
        return watch.run(() => parts.proxy.upgrade({ ...found.request, watch }, socket, head));
      const answer = found.kind === 'own' ? empty(404) : await watch.run(() => answerTo(found, watch));
      watch.answered(answer.status);
      refuseUpgrade(socket, answer);
    },
  };
}
