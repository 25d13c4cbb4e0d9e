import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { PIPELINED_REQUESTS } from './limits.ts';

/** What is going on at one listener, so that it can be brought to an end. */
export interface Connections {
  /** A request has come in and will be answered; false, and the connection is cut, when too many before it still wait. */
  answering(incoming: IncomingMessage, outgoing: ServerResponse): boolean;
  /** Whether an answer has begun on this socket and is not complete. */
  isAnswering(socket: Duplex): boolean;
  /** The last answer on this socket that is not over; those before it are over by then. */
  pending(socket: Duplex): ServerResponse | undefined;
  /** A request is refused as a whole: whatever else its sender has put on that connection is not read as requests. */
  refuse(incoming: IncomingMessage): void;
  /** Whether a request came after a refused one and has to stay without answer. */
  followsRefusal(incoming: IncomingMessage): boolean;
  /** A socket has left HTTP, or carries an answer without an end; the signal asks its owner to end it in its own way. */
  lasting(socket: Duplex): AbortSignal;
  /** No more connections are taken, and every answer from now on ends its own, those under way included. */
  lastRequests(servers: readonly Server[]): void;
  close(servers: readonly Server[], graceSeconds: number): Promise<void>;
}

/** What is known of one connection. */
interface Standing {
  /** Requests whose answers are not over. */
  waiting: number;
  latest: ServerResponse | undefined;
  refused: boolean;
  /** One of them is over. */
  readonly answered: () => void;
}

/** Keeps account of requests and lasting of one listener. */
export function createConnections(): Connections {
  const lasting = new Map<Duplex, AbortController>();
  const standings = new WeakMap<Duplex, Standing>();
  const open = new Set<Standing>();
  let draining = false;
  let closing: Promise<void> | undefined;
  const endEach = (): void => {
    draining = true;
    // The answers before the latest go out first: the last of them ends the connection.
    for (const { waiting, latest } of open) if (waiting > 0 && latest !== undefined) latest.shouldKeepAlive = false;
  };
  const standingOf = (socket: Duplex): Standing => {
    const known = standings.get(socket);
    if (known !== undefined) return known;
    const standing: Standing = {
      waiting: 0,
      latest: undefined,
      refused: false,
      answered: () => void (standing.waiting -= 1),
    };
    standings.set(socket, standing);
    open.add(standing);
    socket.once('close', () => open.delete(standing));
    return standing;
  };
  return {
    answering({ socket }, outgoing) {
      const standing = standingOf(socket);
      if (standing.waiting === PIPELINED_REQUESTS) {
        socket.destroy();
        return false;
      }
      standing.waiting += 1;
      standing.latest = outgoing;
      // It closes once, and goes then with all its listeners.
      outgoing.on('close', standing.answered);
      if (draining) outgoing.shouldKeepAlive = false;
      return true;
    },
    isAnswering(socket) {
      const outgoing = standings.get(socket)?.latest;
      return outgoing !== undefined && outgoing.headersSent && !outgoing.writableFinished;
    },
    pending(socket) {
      const standing = standings.get(socket);
      return standing === undefined || standing.waiting === 0 ? undefined : standing.latest;
    },
    refuse(incoming) {
      standingOf(incoming.socket).refused = true;
    },
    followsRefusal: (incoming) => standings.get(incoming.socket)?.refused === true,
    lasting(socket) {
      const controller = new AbortController();
      if (!lasting.has(socket)) socket.once('close', () => lasting.delete(socket));
      lasting.set(socket, controller);
      if (draining) controller.abort();
      return controller.signal;
    },
    lastRequests(servers) {
      endEach();
      // Not the HTTP server's own way, which closes idle connections at once: a request may be on its way on any of them.
      // oxlint-disable-next-line typescript/unbound-method -- the one below it, of this server
      for (const server of servers) Reflect.apply(NetServer.prototype.close, server, []);
    },
    close(servers, graceSeconds) {
      endEach();
      closing ??= drain(servers, lasting, graceSeconds);
      return closing;
    },
  };
}

async function drain(
  servers: readonly Server[],
  lasting: ReadonlyMap<Duplex, AbortController>,
  graceSeconds: number,
): Promise<void> {
  const timers: NodeJS.Timeout[] = [];
  const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
  // An answer that was under way leaves its connection idle and open: look again until none is left.
  timers.push(setInterval(() => servers.forEach((server) => server.closeIdleConnections()), 50));
  // Everybody who is cut reconnects: spread over half the grace, they do not come back all at once.
  const spacing = lasting.size === 0 ? 0 : (graceSeconds * 500) / lasting.size;
  let index = 0;
  for (const controller of lasting.values()) {
    timers.push(setTimeout(() => controller.abort(), spacing * index));
    index += 1;
  }
  timers.push(
    setTimeout(() => {
      for (const server of servers) server.closeAllConnections();
      for (const socket of lasting.keys()) socket.destroy();
    }, graceSeconds * 1000),
  );
  await Promise.all(closed);
  await Promise.all([...lasting.keys()].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  for (const timer of timers) clearTimeout(timer);
}
