import type { ClientRequest, IncomingMessage } from 'node:http';
import { isIP, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { faultOf } from './fault.ts';
import { headerValues } from './headers.ts';
import type { HttpRequest } from './http.ts';
import { empty } from './http.ts';
import { passOn, writeAnswerHead } from './plain-answer.ts';
import { refuseUpgrade } from './respond.ts';
import type { ForwardOptions, UpstreamTimes } from './forward.ts';
import { handOver, onAbort } from './lasting.ts';
import { endTunnel } from './tunnel-end.ts';
import type { JoinedTunnel } from './tunnel-end.ts';
import { createFrameTracker } from './websocket.ts';
import { http, https } from './node-http.ts';

/** One WebSocket on its way through. */
export interface TunnelOptions {
  readonly origin: string;
  readonly request: HttpRequest;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly options: ForwardOptions;
  readonly limits: UpstreamTimes;
}

/** Bytes kept of what a client sends before its handshake is answered. */
const EARLY_BYTES: number = 64 * 1024;
/** What access logs call a client that left before its answer. */
const CLIENT_GONE = 499;

/** Repeats the handshake upstream and joins the sockets after its 101 (RFC 6455 4.2.2). Nothing is joined before. */
export function openTunnel(tunnel: TunnelOptions): void {
  const { socket } = tunnel;
  const outbound = startHandshake(tunnel);
  const early = keepEarly(tunnel);
  let settled = false;
  const settle = (): boolean => {
    clearTimeout(timer);
    if (settled) return false;
    settled = true;
    early.stop();
    socket.off('end', abandon).off('close', abandon);
    return true;
  };
  const refuse = (status: 502 | 504, fault: string): void => {
    if (!settle()) return;
    outbound.destroy();
    tunnel.options.onFailed?.(fault);
    tunnel.options.onAnswered?.(status);
    refuseUpgrade(socket, empty(status));
  };
  const abandon = (): void => {
    if (!settle()) return;
    tunnel.options.onAnswered?.(CLIENT_GONE);
    outbound.destroy();
    socket.destroy();
  };
  let timer = setTimeout(() => refuse(504, 'late'), tunnel.limits.connectSeconds * 1000);
  socket.once('end', abandon).once('close', abandon);
  outbound.once('socket', (peer) => {
    peer.once('connect', () => {
      clearTimeout(timer);
      if (!settled) timer = setTimeout(() => refuse(504, 'late'), tunnel.limits.answerSeconds * 1000);
    });
  });
  outbound.on('error', (error) => refuse(502, faultOf(error)));
  outbound.once('upgrade', (answer, peer, peerHead) => {
    if (answer.statusCode !== 101 || answer.headers.upgrade?.toLowerCase() !== 'websocket') {
      peer.destroy();
      refuse(502, 'no handshake');
    } else if (settle()) join({ ...tunnel, head: early.bytes() }, answer, { peer, peerHead });
    else peer.destroy();
  });
  outbound.once('response', (answer) => {
    if (answer.statusCode === 101) {
      // A switch to nothing: the client must not take the rest for a tunnel.
      answer.destroy();
      refuse(502, 'no handshake');
    } else if (settle()) passOn(tunnel, answer);
    else answer.destroy();
  });
  outbound.end();
}

// Only a socket that is read tells that its client is gone, so what it sends too soon is kept for after the 101.
function keepEarly({ socket, head }: TunnelOptions): { bytes: () => Buffer; stop: () => void } {
  const chunks = [head];
  let length = head.length;
  const keep = (chunk: Buffer): void => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > EARLY_BYTES) socket.pause();
  };
  socket.on('data', keep);
  return { bytes: () => Buffer.concat(chunks), stop: () => void socket.pause().off('data', keep) };
}

function startHandshake({ origin, options }: TunnelOptions): ClientRequest {
  const base = new URL(origin);
  const host = headerValues(options.headers, 'host').length === 0 ? ['Host', base.host] : [];
  const send = base.protocol === 'https:' ? https.request : http.request;
  return send({
    hostname: base.hostname.replace(/^\[|\]$/g, ''),
    port: base.port === '' ? (base.protocol === 'https:' ? 443 : 80) : base.port,
    ...(isIP(base.hostname) === 0 ? { servername: base.hostname } : {}),
    method: 'GET',
    path: options.path,
    agent: false,
    headers: [...host, ...options.headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
  });
}

function join(
  tunnel: TunnelOptions,
  answer: IncomingMessage,
  { peer, peerHead }: { peer: Duplex; peerHead: Buffer },
): void {
  const { socket, head } = tunnel;
  for (const end of [socket, peer]) {
    if (end instanceof Socket) end.setNoDelay(true).setTimeout(0);
    end.on('error', () => end.destroy());
  }
  socket.once('close', () => peer.destroy());
  peer.once('close', () => socket.destroy());
  writeAnswerHead(tunnel, answer, {
    statusLine: 'HTTP/1.1 101 Switching Protocols',
    own: ['Connection', 'Upgrade', 'Upgrade', 'websocket'],
  });
  tunnel.options.onAnswered?.(101);
  const frames = createFrameTracker();
  const track = (chunk: Buffer): void => frames.push(chunk);
  peer.on('data', track);
  frames.push(peerHead);
  socket.write(peerHead);
  peer.write(head);
  socket.pipe(peer);
  peer.pipe(socket);
  endWhenAsked(tunnel, { socket, peer, frames, track });
}

function endWhenAsked({ request, options }: TunnelOptions, joined: JoinedTunnel): void {
  let ended = false;
  const end = (code: 1001 | 1008): void => {
    if (!ended) endTunnel(joined, code);
    ended = true;
  };
  onAbort(request.closing?.(), joined.socket, () => end(1001));
  handOver(options.onOpen?.('websocket'), joined.socket, () => end(1008));
}
