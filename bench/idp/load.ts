import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** Requests ready to be sent, byte for byte, and where to. */
export interface Load {
  readonly port: number;
  readonly requests: readonly Buffer[];
  readonly connections: number;
}

/** A request as it goes over the wire: what is encoded here is not encoded while the clock runs. */
export function postRequest(path: string, fields: Readonly<Record<string, string>>): Buffer {
  const body = new URLSearchParams(fields).toString();
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    'Accept: application/json',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/**
 * Sends every request over keep-alive connections, each the next one when it has its answer. As cheap as can be, for it runs
 * beside the server it measures: bare sockets, and of an answer nothing is read but status and length. Rejects on any answer but 200.
 */
export async function sendAll({ port, requests, connections }: Load): Promise<void> {
  let next = 0;
  const take = (): Buffer | undefined => requests[next++];
  await Promise.all(Array.from({ length: connections }, () => runConnection(port, take)));
}

function runConnection(port: number, take: () => Buffer | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let pending = '';
    const sendNext = (): void => {
      const request = take();
      if (request !== undefined) socket.write(request);
      else {
        socket.destroy();
        resolve();
      }
    };
    socket.setEncoding('latin1');
    socket.once('connect', sendNext);
    socket.on('error', reject).on('close', () => reject(new Error('the server closed a connection')));
    socket.on('data', (text: string) => {
      pending += text;
      const end = endOfAnswer(pending);
      if (end === undefined || pending.length < end) return;
      if (pending.startsWith('HTTP/1.1 200 ')) {
        pending = '';
        sendNext();
      } else fail(socket, pending, reject);
    });
  });
}

function endOfAnswer(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  return head === -1 || length === undefined ? undefined : head + 4 + Number(length);
}

function fail(socket: Socket, answer: string, reject: (error: Error) => void): void {
  socket.destroy();
  reject(new Error(`an answer that does not count:\n${answer}`));
}
