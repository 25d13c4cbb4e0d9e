import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HttpResponse } from './http.ts';
import { BODY_BYTES } from './limits.ts';
import { http } from './node-http.ts';

/** Longest time a connection stays after its last bytes, so that the other side sees them and not a reset. */
export const LINGER_SECONDS: number = 2;

/** Where an answer goes. */
export interface Answer {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly correlationId: string;
  readonly writeIdleSeconds: number;
}

/** Writes an answer; throws when a header cannot be sent as it is. */
export function respond(answer: Answer, response: HttpResponse): void {
  const { incoming, outgoing } = answer;
  if (response.stream !== undefined) {
    response.stream(outgoing);
    return;
  }
  if (response.cut === 'before') {
    outgoing.destroy();
    return;
  }
  const { body } = response;
  if (response.cut === 'within') return breakOff(answer, response, Buffer.from(body ?? ''));
  const unread = hasLongUnreadBody(incoming);
  const headers = headersOf(answer, response);
  if (response.status !== 204 && response.status !== 304) add(headers, 'Content-Length', String(bytesOf(body)));
  if (unread) add(headers, 'Connection', 'close');
  outgoing.writeHead(response.status, headers);
  if (!unread) return finish(answer, body);
  if (body !== undefined) outgoing.write(body);
  else outgoing.flushHeaders();
  endAfterUpload(incoming, outgoing);
}

/** Ends an answer once the rest of the upload has been read, or after two seconds. */
export function endAfterUpload(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (incoming.complete || incoming.destroyed) {
    outgoing.end();
    return;
  }
  const finishNow = (): void => {
    clearTimeout(timer);
    incoming.off('end', finishNow).off('close', finishNow);
    outgoing.end();
  };
  const timer = setTimeout(finishNow, LINGER_SECONDS * 1000);
  incoming.once('end', finishNow).once('close', finishNow);
  incoming.resume();
}

/** Writes an answer to the bare socket of an upgrade that is refused, and closes it. */
export function refuseUpgrade(socket: Duplex, response: HttpResponse): void {
  const body = typeof response.body === 'string' ? Buffer.from(response.body) : (response.body ?? Buffer.alloc(0));
  const lines = [`HTTP/1.1 ${response.status} ${http.STATUS_CODES[response.status] ?? ''}`];
  for (const [name, value] of Object.entries(response.headers ?? {}))
    for (const each of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${each}`);
  if (lines.some((line) => /[\r\n]/.test(line))) {
    socket.destroy();
    return;
  }
  lines.push(`Content-Length: ${body.length}`, 'Connection: close', '', '');
  socket.write(lines.join('\r\n'), 'latin1');
  socket.end(body);
  hangUp(socket);
}

/** Lets a client that has its last bytes close first, and closes for it after two seconds; what it still sends is dropped. */
export function hangUp(socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_SECONDS * 1000);
  socket.once('close', () => clearTimeout(timer));
  socket.once('end', () => socket.end());
  socket.resume();
}

/** Names and values in turn, for Node writes a list without making a table of it first. */
function headersOf({ correlationId }: Answer, response: HttpResponse): (string | string[])[] {
  const headers: (string | string[])[] = ['X-Correlation-ID', correlationId];
  const { headers: own } = response;
  if (own === undefined) return headers;
  // Not by pairs, which would be made for every answer.
  for (const name of Object.keys(own)) {
    const value = own[name];
    if (value !== undefined) add(headers, name, typeof value === 'string' ? value : [...value]);
  }
  return headers;
}

/** Adds a header, or sets the one that has this name already, whatever the case of its letters. */
function add(headers: (string | string[])[], name: string, value: string | string[]): void {
  for (let at = 0; at < headers.length; at += 2) {
    const known = headers[at];
    if (typeof known !== 'string' || known.length !== name.length) continue;
    if (known !== name && known.toLowerCase() !== name.toLowerCase()) continue;
    headers[at] = name;
    headers[at + 1] = value;
    return;
  }
  headers.push(name, value);
}

/** Half of the body, then the end of the connection. An empty body is said to hold one byte. */
function breakOff(answer: Answer, response: HttpResponse, body: Uint8Array): void {
  const { outgoing } = answer;
  const headers = headersOf(answer, response);
  add(headers, 'Content-Length', String(Math.max(1, body.length)));
  outgoing.writeHead(response.status, headers);
  outgoing.flushHeaders();
  if (body.length > 1) outgoing.write(body.subarray(0, Math.floor(body.length / 2)));
  // Ends the connection once what was written is out, over TLS too.
  outgoing.socket?.destroySoon();
}

function finish(answer: Answer, body: HttpResponse['body']): void {
  const { outgoing } = answer;
  const { socket } = outgoing;
  // A client that does not read would hold its answer for ever; Node swaps this for the keep-alive time when it is out.
  const watch = (by: Socket): void => void by.setTimeout(answer.writeIdleSeconds * 1000);
  // It waits for the answers to requests before it on the same connection.
  if (socket === null) outgoing.once('socket', watch);
  // Text goes out in one piece with the headers.
  outgoing.end(body);
  // Most answers are out by now, and a timer for each would cost as much as writing its headers.
  if (socket !== null && socket.writableLength > 0) watch(socket);
}

function bytesOf(body: HttpResponse['body']): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : (body?.length ?? 0);
}

function hasLongUnreadBody(incoming: IncomingMessage): boolean {
  if (incoming.complete) return false;
  const declared = incoming.headers['content-length'];
  return declared === undefined ? incoming.headers['transfer-encoding'] !== undefined : Number(declared) > BODY_BYTES;
}
