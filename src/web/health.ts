import type { HttpResponse } from './http.ts';
import { json, plain } from './http.ts';
import type { Route } from './router.ts';

/** What a program tells about itself. */
export interface Health {
  /** What has to be there before requests are taken, each by name. */
  readonly ready: () => Promise<Record<string, boolean>> | Record<string, boolean>;
  /** Figures in the Prometheus text format. */
  readonly metrics?: () => Promise<string>;
}

/** `/healthz` (200 while the process answers), `/readyz` (503 naming what is missing) and, with figures, `/metrics`. */
export function healthRoutes(health: Health): readonly Route[] {
  const routes: Route[] = [
    { method: 'GET', path: '/healthz', handle: () => uncached(plain(200, 'ok')) },
    { method: 'GET', path: '/readyz', handle: () => readiness(health) },
  ];
  const { metrics } = health;
  if (metrics === undefined) return routes;
  return [...routes, { method: 'GET', path: '/metrics', handle: async () => figures(await metrics()) }];
}

async function readiness(health: Health): Promise<HttpResponse> {
  const parts = await health.ready();
  const missing = Object.keys(parts).filter((name) => parts[name] !== true);
  if (missing.length === 0) return uncached(json(200, { ready: true }));
  return uncached(json(503, { ready: false, missing }));
}

function figures(text: string): HttpResponse {
  return { status: 200, headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }, body: text };
}

function uncached(response: HttpResponse): HttpResponse {
  return { ...response, headers: { ...response.headers, 'Cache-Control': 'no-store' } };
}
