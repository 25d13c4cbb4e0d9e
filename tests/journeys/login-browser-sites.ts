import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { selfSigned } from '../../src/web/testing/self-signed.ts';

/** A request that reached a site. */
export interface Visit {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Claims of the token it came with; undefined without one. */
  readonly token: Readonly<Record<string, unknown>> | undefined;
}

/** A site of these tests: what it was asked, and what it answers. */
export interface Site {
  /** Where programs reach it. */
  readonly origin: string;
  readonly visits: readonly Visit[];
  /** HTML by path; elsewhere it says who it takes its visitor for. */
  readonly pages: Map<string, string>;
  /** Sent along with every page. */
  readonly headers: Map<string, string | readonly string[]>;
}

/** All of them under https at the port that browsers expect. */
interface Sites {
  /** Port for each name; a name that no site has stands in for nobody. */
  readonly ports: Readonly<Record<string, number>>;
  site(host: string): Site;
  /** From here on browsers that ask for this host come to this port of loopback. */
  lead(host: string, port: number): void;
  close(): Promise<void>;
}

const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Starts the way in; sites come to be when they are first spoken of. */
export async function startSites(): Promise<Sites> {
  const tls = await selfSigned();
  const ports = new Map<string, number>();
  const sites = new Map<string, Site>();
  const visitsOf = new Map<string, Visit[]>();
  const sockets = new Set<Duplex>();

  const server: Server = createServer((request, response) => answer(request, response));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => join(request, socket));
  server.on('connection', (socket: Duplex) => sockets.add(socket));
  const own = await portOf(server);

  function note(request: IncomingMessage): void {
    const { method = '', url = '', headers } = request;
    visitsOf.get(hostOf(request))?.push({ method, url, headers, token: claimsOf(headers.authorization) });
  }
  function answer(request: IncomingMessage, response: ServerResponse): void {
    note(request);
    const asked = sites.get(hostOf(request));
    for (const [name, value] of asked?.headers ?? []) response.setHeader(name, value);
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const who = whoIs(claimsOf(request.headers.authorization));
    response.setHeader('content-type', 'text/html');
    const body = asked?.pages.get(path) ?? `<h1 id="who">${who}</h1><a id="out" href="/oauth2/logout">log out</a>`;
    request.resume().once('end', () => response.end(`<!doctype html><title>${hostOf(request)}</title>${body}`));
  }
  /** Joins a WebSocket, and says one word on it. */
  function join(request: IncomingMessage, socket: Duplex): void {
    note(request);
    const key = request.headers['sec-websocket-key'] ?? '';
    const accept = createHash('sha1').update(`${key}${WEBSOCKET_GUID}`).digest('base64');
    socket.on('error', () => socket.destroy()).on('end', () => socket.end());
    socket.resume();
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.write(Buffer.from([0x81, 2, 0x68, 0x69]));
  }

  const front = createTlsServer(tls, (socket) => {
    const host = typeof socket.servername === 'string' ? socket.servername : '';
    const peer = connect({ host: '127.0.0.1', port: ports.get(host) ?? own });
    sockets.add(socket).add(peer);
    peer.on('error', () => socket.destroy());
    socket.on('error', () => peer.destroy());
    socket.pipe(peer).pipe(socket);
  });
  const entrance = await portOf(front);
  const known: Record<string, number> = {};
  function site(host: string): Site {
    const found = sites.get(host);
    if (found !== undefined) return found;
    const visits: Visit[] = [];
    const made = { origin: `http://127.0.0.1:${own}`, visits, pages: new Map(), headers: new Map() };
    sites.set(host, made);
    visitsOf.set(host, visits);
    known[host] = entrance;
    return made;
  }
  return {
    ports: known,
    site,
    lead: (host, port) => void ports.set(host, port),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      front.close();
      await Promise.all([once(server, 'close'), once(front, 'close')]);
    },
  };
}

function hostOf({ headers }: IncomingMessage): string {
  return (headers.host ?? '').replace(/:\d+$/, '');
}

function whoIs(token: Visit['token']): string {
  const { sub } = token ?? {};
  return typeof sub === 'string' ? sub : 'nobody';
}

async function portOf(server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function claimsOf(authorization: string | undefined): Visit['token'] {
  const [, payload] = /^Bearer [\w-]+\.([\w-]+)\./.exec(authorization ?? '') ?? [];
  return payload === undefined ? undefined : JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
}
