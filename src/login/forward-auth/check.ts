/** Checks for an outer proxy: whether the request it holds may go on, and as whom (the routes below `session/forwardauth`). */
import type { TrustedProxies } from '../../web/forwarded.ts';
import { isHeaderName } from '../../web/headers.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { emptyAnswer } from '../answers.ts';
import type { LoginContext } from '../context.ts';
import type { Ingress } from '../ingress.ts';
import { ingressesOfHost, matchIngress, parseIngress } from '../ingress.ts';
import type { CanonicalPath } from '../proxy/path.ts';
import { isForwardableQuery, judgePath } from '../proxy/path.ts';
import type { CheckRoute } from './check-route.ts';
import { checkRouteOf, isKnownHost } from './check-route.ts';
import { answerCheck } from './answer.ts';
import type { CheckedRequest } from './answer.ts';
import type { AskedTarget } from './target.ts';
import { askedTarget } from './target.ts';

/** How to answer a check; undefined = the request is none. `host` is the one that counts for this request. */
export type ForwardAuth = (http: HttpRequest, host: string) => (() => Promise<HttpResponse>) | undefined;

/** The request in question as if it had come here. */
function asked(http: HttpRequest, { method, target }: AskedTarget): HttpRequest {
  const [path = ''] = target.split('?', 1);
  return { ...http, method, target, path, query: target.slice(path.length + 1) };
}

/** The ingress of a target; a host of the domain without one borrows that of the route. */
function ingressFor(
  context: LoginContext,
  route: CheckRoute,
  target: AskedTarget,
  path: CanonicalPath,
): Ingress | undefined {
  const ofHost = ingressesOfHost(context.config.ingresses, target.host);
  if (ofHost.length > 0) return matchIngress(ofHost, path);
  try {
    const { origin, host, scheme } = parseIngress(`${target.scheme}://${target.host}`);
    return { ...route.ingress, url: origin + route.ingress.path, origin, host, scheme };
  } catch {
    return undefined;
  }
}

/** Judges what a trusted peer says: undefined when there can be no such request at one of our hosts. */
function checked(
  context: LoginContext,
  route: CheckRoute,
  http: HttpRequest,
  target: AskedTarget,
): CheckedRequest | undefined {
  const { config } = context;
  const request = asked(http, target);
  const path = judgePath(request.path, config.pathAllow);
  if (path === undefined || !isForwardableQuery(request.query)) return undefined;
  if (!isHeaderName(target.method) || !isKnownHost(config, target.host)) return undefined;
  const ingress = ingressFor(context, route, target, path);
  if (ingress === undefined || (target.scheme !== 'https' && target.scheme !== ingress.scheme)) return undefined;
  return { http: request, ingress, path, enforced: false };
}

/** What is asked when nobody we believe says what: the way in, where login is demanded whatever the rules say. */
function wayIn(route: CheckRoute, http: HttpRequest): CheckedRequest | undefined {
  const target = route.ingress.path === '' ? '/' : route.ingress.path;
  const path = judgePath(target);
  if (path === undefined) return undefined;
  return { http: { ...http, target, path: target, query: '' }, ingress: route.ingress, path, enforced: true };
}

/** Makes the checks of one instance. Only peers in `trusted` choose what is asked about. */
export function createForwardAuth(context: LoginContext, trusted: TrustedProxies): ForwardAuth {
  async function answer(http: HttpRequest, route: CheckRoute, host: string): Promise<HttpResponse> {
    if (route.style !== 'envoy' && http.method !== 'GET') return emptyAnswer(405, { Allow: 'GET' });
    const finding = trusted.has(http.remoteAddress)
      ? askedTarget(
          route.style,
          { method: http.method, rawHeaders: http.rawHeaders, host, below: route.below },
          route.ingress.scheme,
        )
      : { kind: 'none' as const };
    if (finding.kind === 'unclear') return emptyAnswer(400);
    const request = finding.kind === 'none' ? wayIn(route, http) : checked(context, route, http, finding.asked);
    if (request === undefined) return emptyAnswer(400);
    return answerCheck(context, request, route);
  }

  return (http, host) => {
    const route = checkRouteOf(context.config, { host, path: http.path, query: http.query });
    return route === undefined ? undefined : () => answer(http, route, host);
  };
}
