import type { HttpRequest, HttpResponse } from '../web/http.ts';
import type { Route } from '../web/router.ts';

const PARTS = ['_bucket', '_sum', '_count'];

/** `/metrics` and `/internal/metrics` (Prometheus text format 0.0.4); `name[]` in the query asks for these metrics alone. */
export function figureRoutes(metrics: (() => Promise<string>) | undefined): readonly Route[] {
  if (metrics === undefined) return [];
  const handle = async (request: HttpRequest): Promise<HttpResponse> => {
    const names = new URLSearchParams(request.query).getAll('name[]');
    const text = await metrics();
    const headers = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8', 'Cache-Control': 'no-store' };
    return { status: 200, headers, body: names.length === 0 ? text : only(new Set(names), text) };
  };
  return ['/metrics', '/internal/metrics'].map((path) => ({ method: 'GET', path, handle }));
}

/** The lines of these metrics, their explanation with them; the name of a histogram means all its parts. */
function only(names: ReadonlySet<string>, text: string): string {
  const isAsked = (name: string): boolean =>
    names.has(name) || PARTS.some((part) => name.endsWith(part) && names.has(name.slice(0, -part.length)));
  const explains = (name: string): boolean => isAsked(name) || PARTS.some((part) => names.has(name + part));
  const lines = text.split('\n').filter((line) => {
    const explained = /^# (?:HELP|TYPE) (\S+)/.exec(line)?.[1];
    if (explained !== undefined) return explains(explained);
    const sample = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
    return sample !== undefined && isAsked(sample);
  });
  return lines.map((line) => `${line}\n`).join('');
}
