/** WebSocket handshakes of a browser, for tests. */
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TestBrowser } from './browser.ts';
import { HOST } from './proxy.ts';

/** How a handshake ended; after 101 everything the server sends is collected. */
interface Handshake {
  readonly status: number;
  readonly socket: Duplex;
  /** Everything after the head, so far. */
  readonly received: () => Buffer;
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;
}

/** Sends a handshake with the browser's cookies. The caller destroys the socket. */
export function handshake(
  port: number,
  { jar }: Pick<TestBrowser, 'jar'>,
  headers: Readonly<Record<string, string>> = {},
  path = '/ws',
): Promise<Handshake> {
  const outgoing = request({
    host: '127.0.0.1',
    port,
    path,
    agent: false,
    headers: {
      host: HOST,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
      ...headers,
    },
  });
  return new Promise((resolve, reject) => {
    const settle = (status: number, socket: Duplex, head: Buffer): void => {
      const chunks: Buffer[] = [head];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('error', () => socket.destroy());
      const closed = new Promise<void>((done) => {
        if (socket.destroyed) done();
        else socket.once('close', () => done());
      });
      resolve({ status, socket, received: () => Buffer.concat(chunks), closed });
    };
    outgoing.on('upgrade', (answer, socket, head) => settle(answer.statusCode ?? 0, socket, head));
    outgoing.on('response', (answer) => settle(answer.statusCode ?? 0, answer.socket, Buffer.alloc(0)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
