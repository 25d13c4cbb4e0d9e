import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { TestContext } from 'node:test';
import type { HttpResponse } from '../http.ts';
import type { Listener, ListenerSpec } from '../serve.ts';
import { serve } from '../serve.ts';

/** A listener on a port of the system's choice, closed with the test. */
export async function openListener(t: TestContext, spec: Partial<ListenerSpec>): Promise<Listener> {
  const listener = await serve({
    name: 'Test',
    setting: 'FULLMAKT_TEST_BIND',
    host: '127.0.0.1',
    port: 0,
    handle: (): HttpResponse => ({ status: 200, body: 'ok' }),
    ...spec,
  });
  t.after(() => listener.close(0));
  return listener;
}

/** A connection on which tests write bytes as they like. */
export interface RawClient {
  readonly socket: Socket;
  send(text: string | Uint8Array): void;
  /** Everything received, once it matches. */
  until(pattern: RegExp): Promise<string>;
  /** Everything received until the other side closed or reset. */
  closed(): Promise<string>;
}

/** Connects to a port on loopback. */
export function rawClient(t: TestContext, port: number): RawClient {
  const socket = connect({ port, host: '127.0.0.1' });
  t.after(() => socket.destroy());
  return follow(socket);
}

/** One request from first to last byte: what came back until the connection closed. */
export function rawExchange(t: TestContext, port: number, text: string): Promise<string> {
  const client = rawClient(t, port);
  client.send(text);
  return client.closed();
}

/** Status of an answer as it came; NaN for none. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}

/** A server of bare sockets, closed with the test. */
export async function rawServer(
  t: TestContext,
  onSocket: (client: RawClient) => void | Promise<void>,
): Promise<{ readonly port: number; readonly origin: string }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    // A peer that closes early ends the script of the server; the test judges what it saw.
    void Promise.resolve(onSocket(follow(socket))).catch(() => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('server has no port');
  return { port: address.port, origin: `http://127.0.0.1:${address.port}` };
}

function follow(socket: Socket): RawClient {
  let received = '';
  let over = false;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const look of waiting) look();
  };
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received += chunk;
    wake();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    over = true;
    wake();
  });
  const waitFor = (done: () => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (done()) resolve(received);
        else if (over) reject(new Error(`connection closed after ${JSON.stringify(received)}`));
        else return;
        waiting.delete(look);
      };
      waiting.add(look);
      look();
    });
  return {
    socket,
    send: (text) => void socket.write(text),
    until: (pattern) => waitFor(() => pattern.test(received)),
    closed: () => waitFor(() => over),
  };
}
