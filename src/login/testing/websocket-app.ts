/** An application that joins every WebSocket and says nothing on it, for tests. */
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';

/** The running application. */
export interface WebSocketApp {
  readonly origin: string;
  readonly handshakes: readonly IncomingMessage[];
  readonly sockets: readonly Duplex[];
}

/** Starts it on a free port; it is closed when the test ends. Requests that are no handshake get an event stream. */
export async function createWebSocketApp(t: TestContext): Promise<WebSocketApp> {
  const handshakes: IncomingMessage[] = [];
  const sockets: Duplex[] = [];
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(':\n\n');
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    handshakes.push(request);
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    socket.resume();
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { origin: `http://127.0.0.1:${address.port}`, handshakes, sockets };
}
