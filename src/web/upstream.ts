import type { ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Pool } from 'undici';
import { connectionOptions, headerValues, isHopByHop } from './headers.ts';
import type { HttpRequest, HttpResponse } from './http.ts';
import type { ForwardOptions, UpstreamTimes } from './forward.ts';
import { createRelay } from './relay.ts';
import { openTunnel } from './tunnel.ts';

export type { ForwardOptions };

/** The application behind a proxy. */
export interface Upstream {
  /**
   * An answer that streams the request there and the application's answer back. An application that cannot be reached
   * is 502, one that does not answer in time 504, both without a body; a broken answer breaks the client's connection.
   */
  forward(request: HttpRequest, options: ForwardOptions): HttpResponse;
  /** Joins a WebSocket to the application after its 101; any other answer is passed on and the connection closed. */
  tunnel(request: HttpRequest, socket: Duplex, head: Buffer, options: ForwardOptions): void;
  close(): Promise<void>;
}

/** What access logs call a client that left before its answer. */
const CLIENT_GONE = 499;
const TIMES: UpstreamTimes = { connectSeconds: 2, answerSeconds: 60, idleSeconds: 30 };

/** An upstream over its own pool of connections. */
export function createUpstream(origin: string, times: Partial<UpstreamTimes> = {}): Upstream {
  const limits = { ...TIMES, ...times };
  const deaths = new WeakSet<object>();
  const tunnels = new Set<Duplex>();
  let pool: Promise<Pool> | undefined;
  const wasReused = (error: Error): boolean => deaths.has(error);
  const connect = (): Promise<Pool> => (pool ??= createPool(origin, limits, deaths));
  return {
    forward(request, options) {
      const headers = outgoingHeaders(request, options);
      const stream = (outgoing: ServerResponse): void =>
        createRelay({ request, outgoing, options, headers, connect, limits, wasReused });
      return { status: 200, stream };
    },
    tunnel(request, socket, head, options) {
      // Nothing would tell that it is over.
      if (socket.destroyed) return options.onAnswered?.(CLIENT_GONE);
      tunnels.add(socket);
      socket.once('close', () => tunnels.delete(socket));
      openTunnel({
        origin,
        request,
        socket,
        head,
        options: { ...options, headers: outgoingHeaders(request, options) },
        limits,
      });
    },
    async close() {
      for (const socket of tunnels) socket.destroy();
      await (await pool)?.destroy();
    },
  };
}

/**
 * Without headers of the connection. A header that the client's own `Connection` names goes too, but only the one the
 * client sent: otherwise it could make the next hop lose a header of ours.
 */
function outgoingHeaders({ rawHeaders }: HttpRequest, { headers, own = [] }: ForwardOptions): string[] {
  const nominated = connectionOptions(rawHeaders);
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    const value = headers[index + 1] ?? '';
    const lower = name.toLowerCase();
    // No request is without a host (RFC 9112 3.2): another one would be put in its place.
    const isDropped = nominated.has(lower) && lower !== 'host' && headerValues(rawHeaders, lower).includes(value);
    if (!isHopByHop(lower) && !isDropped) kept.push(name, value);
  }
  kept.push(...own);
  return kept;
}

// Loaded at the first request: the library takes longer to load than a program has to start.
async function createPool(origin: string, limits: UpstreamTimes, deaths: WeakSet<object>): Promise<Pool> {
  const { buildConnector, Pool } = await import('undici');
  const connector = buildConnector({ timeout: limits.connectSeconds * 1000, allowH2: false });
  const { host, hostname } = new URL(origin);
  return new Pool(origin, {
    // The certificate has to be the upstream's, whatever `Host` the client sent.
    connect: (options, callback) => {
      connector({ ...options, host, ...(isIP(hostname) === 0 ? { servername: hostname } : {}) }, (error, socket) => {
        if (error !== null || socket === null) return callback(error ?? new Error('no socket'), null);
        socket.once('error', (cause: object) => socket.bytesRead > 0 && deaths.add(cause));
        callback(null, socket);
      });
    },
    // Applications on Node close idle connections after 5 s: ours have to be given up before.
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 60_000,
    maxHeaderSize: 64 * 1024,
    headersTimeout: limits.answerSeconds * 1000,
    // Only relay.ts knows when an answer is an event stream, which may be silent for hours.
    bodyTimeout: 0,
  });
}
