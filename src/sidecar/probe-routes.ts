import { healthRoutes } from '../web/health.ts';
import { json, plain } from '../web/http.ts';
import type { Handle, HttpResponse } from '../web/http.ts';
import type { Route } from '../web/router.ts';

const BUSY: HttpResponse = json(503, { ready: false, accepting: false }, { 'Cache-Control': 'no-store' });

/** What probes are answered with. */
export interface Probes {
  readonly ready: Handle;
  readonly metrics: (() => Promise<string>) | undefined;
  /** Whether more work may come; what is not ready for any says so. */
  readonly accepting: () => boolean;
}

/** Liveness, readiness and, with figures, metrics (sidecar-sdk.md 3.1, 3.9). */
export function probeRoutes({ ready, metrics, accepting }: Probes): readonly Route[] {
  const health = healthRoutes({ ready: () => ({}), ...(metrics === undefined ? {} : { metrics }) });
  return [
    { method: 'GET', path: '/', handle: () => plain(200, 'ok') },
    { method: 'GET', path: '/readyz', handle: (request) => (accepting() ? ready(request) : BUSY) },
    ...health.filter((route) => route.path !== '/readyz'),
  ];
}
