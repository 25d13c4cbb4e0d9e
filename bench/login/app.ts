// The application behind every proxy: 1 KiB, and on some paths only with a token. It joins WebSockets and answers each frame.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { portOf } from './port.ts';
import { WITH_TOKEN } from './world.ts';

const BODY = Buffer.alloc(1024, 'x');
const HEAD = ['Content-Type', 'text/plain', 'Content-Length', String(BODY.length)];
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** A text frame that says `ok`. */
const FRAME = Buffer.from([0x81, 2, 0x6f, 0x6b]);

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const isRefused =
    request.url?.includes(WITH_TOKEN) === true && request.headers.authorization?.startsWith('Bearer ') !== true;
  if (isRefused) response.writeHead(401, ['Content-Length', '0']).end();
  else response.writeHead(200, HEAD).end(BODY);
});
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key'] ?? ''}${ACCEPT_SUFFIX}`)
    .digest('base64');
  socket.on('error', () => socket.destroy());
  socket.on('data', () => socket.write(FRAME));
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('disconnect', () => process.exit(0));
process.send?.({ port: portOf(server) });
