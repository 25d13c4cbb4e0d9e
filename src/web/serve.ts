import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { refusalOf } from './admit.ts';
import { createConnections } from './connections.ts';
import type { Connections } from './connections.ts';
import type { Handle, HandleUpgrade, HttpRequest, HttpResponse } from './http.ts';
import { empty } from './http.ts';
import type { Limits } from './limits.ts';
import { LIMITS, TARGET_BYTES } from './limits.ts';
import { listen } from './listen.ts';
import { failure, own, refuseUnreadable } from './own-answers.ts';
import { isAllHere } from './read-whole.ts';
import { createRequest } from './request.ts';
import { refuseUpgrade, respond } from './respond.ts';
import type { Answer } from './respond.ts';
import { handshakeRefusal, wantsWebSocket } from './websocket.ts';
import { http, https } from './node-http.ts';

/** One listening port of a program. */
export interface ListenerSpec {
  /** What it is called in messages: 'TokenX'. */
  readonly name: string;
  /** The variable that moves it to another port. */
  readonly setting: string;
  /** An address, or `localhost` for 127.0.0.1 and, where the machine has it, ::1. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Path of a Unix socket, in place of host and port. */
  readonly path?: string;
  readonly handle: Handle;
  /** Gets WebSocket handshakes that are well-formed; without it `Upgrade` is ignored (RFC 9110 7.8). */
  readonly upgrade?: HandleUpgrade;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Sees every failure of a handler and may answer it; else 413 for a long body and 500 JSON without detail. */
  readonly onError?: (error: unknown, request: HttpRequest) => HttpResponse | undefined;
  /** Default limit of `request.body()`. */
  readonly maxBodyBytes?: number;
  readonly limits?: Partial<Limits>;
  /** Stand on every answer that no handler made: refusals of requests that cannot be read, plain failures. */
  readonly ownHeaders?: Readonly<Record<string, string>>;
}

/** A port that is open. */
export interface Listener {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `http://host:port`, or `unix:` and the path of a socket. */
  readonly origin: string;
  /** Takes no more connections, and every answer is the last on its own: who is busy has moved on before `close` cuts the idle. */
  lastRequests(): void;
  /** Stops accepting, finishes running requests, ends tunnels and event streams spread over half the grace, then cuts what is left (5 s unless told). */
  close(graceSeconds?: number): Promise<void>;
}

/** What every program's factory returns: ports to open, work to begin, and how to end it. */
export interface Program {
  readonly listeners: readonly ListenerSpec[];
  start?(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a listener with every limit set. Throws PortTaken (listen.ts), SocketTaken (listen-socket.ts). */
export async function serve(spec: ListenerSpec): Promise<Listener> {
  const limits: Limits = { ...LIMITS, ...spec.limits };
  const connections = createConnections();
  const { servers, port } = await listen(spec, () => createNodeServer(spec, limits, connections));
  return {
    name: spec.name,
    host: spec.host,
    port,
    origin: originOf(spec, port),
    lastRequests: () => connections.lastRequests(servers),
    close: (graceSeconds = 5) => connections.close(servers, graceSeconds),
  };
}

function originOf({ host, path, tls }: ListenerSpec, port: number): string {
  if (path !== undefined) return `unix:${path}`;
  const shown = host === '0.0.0.0' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${tls === undefined ? 'http' : 'https'}://${shown}:${port}`;
}

function createNodeServer(spec: ListenerSpec, limits: Limits, connections: Connections): Server {
  const options: ServerOptions = {
    // Node counts the target and the headers together; admit.ts draws the exact lines below this one.
    maxHeaderSize: limits.headerBytes + TARGET_BYTES + 1024,
    headersTimeout: limits.headerSeconds * 1000,
    // A proxied upload may take hours; a stalled one is cut by bodyIdleSeconds.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveSeconds * 1000,
    connectionsCheckingInterval: Math.min(2000, limits.headerSeconds * 500),
    insecureHTTPParser: false,
    // admit.ts refuses a request without one, with the headers that all our answers have.
    requireHostHeader: false,
    noDelay: true,
    // A tunnel or an event stream may be silent for hours: only probes tell that its client is gone without a word.
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
    shouldUpgradeCallback: (incoming) => spec.upgrade !== undefined && wantsWebSocket(incoming),
  };
  const server =
    spec.tls === undefined
      ? http.createServer(options)
      : https.createServer({ ...options, ...spec.tls, handshakeTimeout: limits.headerSeconds * 1000 });
  server.timeout = 0;
  server.maxConnections = limits.sockets;
  // Whoever only keeps a connection for later makes room for whoever comes next.
  server.on('drop', () => server.closeIdleConnections());
  // A count limit would drop headers silently; the size of the block is limited instead.
  server.maxHeadersCount = 0;
  server.on('request', (incoming, outgoing) => {
    if (connections.followsRefusal(incoming) || !connections.answering(incoming, outgoing)) return;
    const refusal = refusalOf(incoming, limits.headerBytes);
    if (refusal !== undefined) connections.refuse(incoming);
    void answer({ spec, limits, connections }, { incoming, outgoing, refusal });
  });
  server.on('upgrade', (incoming, socket, head) => upgrade({ spec, limits, connections }, incoming, { socket, head }));
  server.on('connect', (_incoming, socket) => refuseUpgrade(socket, own(spec, empty(405))));
  server.on('clientError', (error, socket) =>
    refuseUnreadable(spec, error, { socket, answering: connections.isAnswering(socket) }),
  );
  return server;
}

/** Silence after which the system asks whether the other side is still there. */
const PROBE_AFTER_MS = 60_000;

/** Waited for without any timer or event: by then all is read that came in one piece. */
const HERE: Promise<void> = Promise.resolve();

interface ServerParts {
  readonly spec: ListenerSpec;
  readonly limits: Limits;
  readonly connections: Connections;
}

async function answer(
  { spec, limits, connections }: ServerParts,
  { incoming, outgoing, refusal }: { incoming: IncomingMessage; outgoing: ServerResponse; refusal: number | undefined },
): Promise<void> {
  const closing = (): AbortSignal => connections.lasting(incoming.socket);
  const request = createRequest({ incoming, answer: outgoing, maxBodyBytes: spec.maxBodyBytes, closing });
  const to = { incoming, outgoing, correlationId: request.correlationId, writeIdleSeconds: limits.writeIdleSeconds };
  if (hasBody(incoming)) {
    // What came with the headers is here after that: most bodies are whole then, and read and watched without an event.
    await HERE;
    watchBody(incoming, outgoing, limits.bodyIdleSeconds);
  }
  if (refusal !== undefined) return respond(to, own(spec, empty(refusal, { Connection: 'close' })));
  try {
    respond(to, await spec.handle(request));
  } catch (error) {
    respondToFailure(to, failure(spec, error, request));
  }
}

function respondToFailure(to: Answer, response: HttpResponse): void {
  const { outgoing } = to;
  try {
    // Half an answer is out: only a cut connection tells the client that it is not the whole.
    if (outgoing.headersSent) throw new Error('the answer has begun');
    for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name);
    respond(to, response);
  } catch {
    outgoing.destroy();
  }
}

interface Handshake {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** An answer that is still to come would be written into the tunnel: whoever asked too soon waits for it. */
function upgrade(parts: ServerParts, incoming: IncomingMessage, handshake: Handshake): void {
  const { socket } = handshake;
  socket.on('error', () => socket.destroy());
  const before = parts.connections.pending(socket);
  if (before === undefined) return upgradeNow(parts, incoming, handshake);
  before.once('close', () => {
    // Set for the time between two requests.
    if (socket instanceof Socket) socket.setTimeout(0);
    if (socket.writable) upgradeNow(parts, incoming, handshake);
    // Nobody is there any more, or that answer was the last.
    else socket.destroy();
  });
}

function upgradeNow(
  { spec, limits, connections }: ServerParts,
  incoming: IncomingMessage,
  { socket, head }: Handshake,
): void {
  if (connections.followsRefusal(incoming)) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(incoming, limits.headerBytes) ?? handshakeRefusal(incoming);
  if (refusal !== undefined || spec.upgrade === undefined)
    return refuseUpgrade(
      socket,
      own(spec, empty(refusal ?? 400, refusal === 426 ? { 'Sec-WebSocket-Version': '13' } : {})),
    );
  const closing = connections.lasting(socket);
  const request = createRequest({ incoming, answer: socket, closing: () => closing });
  const handle = spec.upgrade;
  void (async () => {
    try {
      await handle(request, socket, head);
    } catch (error) {
      refuseUpgrade(socket, failure(spec, error, request));
    }
  })();
}

function hasBody({ headers, complete }: IncomingMessage): boolean {
  return (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) && !complete;
}

function watchBody(incoming: IncomingMessage, outgoing: ServerResponse, idleSeconds: number): void {
  const { socket, headers, complete } = incoming;
  // Timers would cost more than reading what is here.
  if (complete || isAllHere(incoming, Number(headers['content-length'] ?? 0))) return;
  socket.setTimeout(idleSeconds * 1000);
  incoming.once('end', () => {
    // After the answer the timer is the one of the idle connection; what an earlier one has still to write keeps its own.
    if (!outgoing.writableEnded && socket.writableLength === 0) socket.setTimeout(0);
  });
}
