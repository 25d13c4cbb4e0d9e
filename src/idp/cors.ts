import { empty } from '../web/http.ts';
import type { Route } from '../web/router.ts';

/** Anybody may ask from a browser, for nothing here goes by cookie; what an answer challenges for may be read there. */
const OPEN = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'WWW-Authenticate' };
const PREFLIGHT_SECONDS = 600;

/** The same routes for programs that run in a page of another origin, preflights answered (Fetch 3.2). Never for what people visit. */
export function openToBrowsers(routes: readonly Route[]): readonly Route[] {
  const paths = [...new Set(routes.map(({ path }) => path))];
  return [
    ...routes.map(
      (route): Route => ({
        ...route,
        handle: async (request, params) => {
          const response = await route.handle(request, params);
          return { ...response, headers: { ...response.headers, ...OPEN } };
        },
      }),
    ),
    ...paths.map((path): Route => ({ method: 'OPTIONS', path, handle: () => empty(204, preflight(routes, path)) })),
  ];
}

function preflight(routes: readonly Route[], path: string): Readonly<Record<string, string>> {
  const methods = routes.filter((route) => route.path === path).map(({ method }) => method);
  return {
    ...OPEN,
    'Access-Control-Allow-Methods': methods.join(', '),
    // A star does not stand for `Authorization`.
    'Access-Control-Allow-Headers': 'Authorization, Content-Type',
    'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
  };
}
