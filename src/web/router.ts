import type { Handle, HttpRequest, HttpResponse } from './http.ts';
import { empty } from './http.ts';

/** One line of a program's route table. */
export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** Segments as written, or `:name` for any one non-empty segment: '/:tenant/oauth2/v2.0/token'. */
  readonly path: string;
  readonly handle: (
    request: HttpRequest,
    params: Readonly<Record<string, string>>,
  ) => HttpResponse | Promise<HttpResponse>;
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({});

interface Pattern {
  readonly segments: readonly string[];
  readonly routes: Route[];
}

/**
 * A handler from a route table. Paths are compared raw and with case; parameters are percent-decoded once. A path that
 * nothing matches is 404 without a body, a known path with another method 405 with `Allow`; HEAD is answered as GET.
 */
export function createRouter(routes: readonly Route[], options: { readonly notFound?: Handle } = {}): Handle {
  const exact = new Map<string, Route[]>();
  const patterns: Pattern[] = [];
  for (const route of routes) addRoute(route, exact, patterns);
  const notFound = options.notFound ?? ((): HttpResponse => empty(404));
  return (request) => {
    const fixed = exact.get(request.path);
    if (fixed !== undefined) return dispatch(fixed, request, NO_PARAMS);
    const segments = request.path.split('/');
    for (const pattern of patterns) {
      const params = match(pattern.segments, segments);
      if (params !== undefined) return dispatch(pattern.routes, request, params);
    }
    return notFound(request);
  };
}

function addRoute(route: Route, exact: Map<string, Route[]>, patterns: Pattern[]): void {
  if (!route.path.includes('/:')) {
    const known = exact.get(route.path);
    if (known === undefined) exact.set(route.path, [route]);
    else known.push(route);
    return;
  }
  const known = patterns.find((pattern) => pattern.segments.join('/') === route.path);
  if (known === undefined) patterns.push({ segments: route.path.split('/'), routes: [route] });
  else known.routes.push(route);
}

function match(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const actual = segments[index] ?? '';
    if (!expected.startsWith(':')) {
      if (actual !== expected) return undefined;
      continue;
    }
    const value = decodeSegment(actual);
    if (value === undefined || value === '') return undefined;
    params[expected.slice(1)] = value;
  }
  return params;
}

function decodeSegment(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function routeOf(routes: readonly Route[], method: string): Route | undefined {
  for (const route of routes) if (route.method === method) return route;
  return undefined;
}

function dispatch(
  routes: readonly Route[],
  request: HttpRequest,
  params: Readonly<Record<string, string>>,
): HttpResponse | Promise<HttpResponse> {
  const route = routeOf(routes, request.method) ?? (request.method === 'HEAD' ? routeOf(routes, 'GET') : undefined);
  if (route !== undefined) return route.handle(request, params);
  const allowed = new Set<string>(routes.map((each) => each.method));
  if (allowed.has('GET')) allowed.add('HEAD');
  return empty(405, { Allow: [...allowed].join(', ') });
}
