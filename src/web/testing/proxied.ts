import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { TestContext } from 'node:test';
import type { Listener } from '../serve.ts';
import { openListener } from './raw-client.ts';
import type { UpstreamTimes } from '../forward.ts';
import { createUpstream } from '../upstream.ts';

/** The Host header of requests to it. */
export const HOST: string = 'Host: app.test\r\n';
/** The last header of a request after which the connection closes. */
export const CLOSE: string = 'Connection: close\r\n\r\n';

type App = (...args: Parameters<RequestListener>) => void | Promise<void>;

/** An application behind a proxy that forwards everything as it came. */
export async function proxied(t: TestContext, app: App, times?: Partial<UpstreamTimes>): Promise<Listener> {
  const server = createServer((request, response) => void app(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return proxyTo(t, `http://127.0.0.1:${address.port}`, times);
}

/** A proxy that forwards everything to an origin as it came, with two headers of ours. */
export async function proxyTo(t: TestContext, origin: string, times?: Partial<UpstreamTimes>): Promise<Listener> {
  const upstream = createUpstream(origin, times);
  t.after(() => upstream.close());
  return openListener(t, {
    handle: (request) =>
      upstream.forward(request, {
        path: request.target,
        headers: [...request.rawHeaders, 'Authorization', 'Bearer ours', 'X-Ours', 'yes'],
      }),
  });
}

/** The whole body of a message. */
export async function readAll(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
