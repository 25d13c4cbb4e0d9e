import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** The only way out that a browser in these tests has. */
export interface Tunnel {
  /** For the browser's proxy setting. */
  readonly url: string;
  /** Hosts it asked for that are none of the test's; nothing was sent to them. */
  readonly strays: readonly string[];
  close(): Promise<void>;
}

/** A proxy for CONNECT that takes each known host to a port of this machine, and refuses and notes every other. */
export async function openTunnel(ports: Readonly<Record<string, number>>): Promise<Tunnel> {
  const strays: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    strays.push(request.url ?? '');
    response.writeHead(403).end();
  });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('connect', (request, socket: Socket) => {
    const host = request.url?.replace(/:443$/, '') ?? '';
    const port = ports[host];
    socket.on('error', () => socket.destroy());
    if (port === undefined) {
      strays.push(host);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const peer = connect({ host: '127.0.0.1', port });
    sockets.add(peer);
    peer.on('error', () => socket.destroy());
    peer.once('connect', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(peer).pipe(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the tunnel has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    strays,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
