import type { IncomingMessage, ServerResponse } from 'node:http';

// `import` would read every export of node:http, and one of them loads all of fetch: 30 ms of every start.
const { createServer } = process.getBuiltinModule('node:http');

/** What a route answers: JSON for APIs, HTML for people. */
export type Answer =
  | { readonly status: number; readonly json: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: number; readonly html: string };

export type Routes = Readonly<Record<string, (request: IncomingMessage) => Answer | Promise<Answer>>>;

/** Listens where the platform says (BIND_ADDRESS) and answers the given paths; `/healthz` is always there. */
export function serve(routes: Routes): void {
  const [host = '127.0.0.1', port = '8080'] = (process.env['BIND_ADDRESS'] ?? '127.0.0.1:8080').split(':');
  const server = createServer((request, response) => {
    answer(routes, request).then(
      (result) => send(response, result),
      (error: unknown) => {
        console.error(error);
        send(response, {
          status: 502,
          json: { error: 'bad_gateway', error_description: 'a service behind this one failed' },
        });
      },
    );
  });
  server.listen(Number(port), host);
  process.once('SIGTERM', () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}

async function answer(routes: Routes, request: IncomingMessage): Promise<Answer> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (path === '/healthz') return { status: 200, json: { ok: true } };
  const route = routes[path];
  return route === undefined ? { status: 404, json: { error: 'not_found' } } : route(request);
}

function send(response: ServerResponse, result: Answer): void {
  if ('html' in result) {
    response.writeHead(result.status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    response.end(result.html);
    return;
  }
  response.writeHead(result.status, {
    ...result.headers,
    'content-type': 'application/json',
    'cache-control': 'no-store',
  });
  response.end(JSON.stringify(result.json));
}
