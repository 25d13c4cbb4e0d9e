/** Each request from its first byte to the head of its answer: counted, measured, traced, and where asked for, listed. */
import type { Duplex } from 'node:stream';
import type { Emit } from '../../observe/events.ts';
import type { Attributes, Span, Tracer } from '../../observe/tracing.ts';
import { NO_TRACER } from '../../observe/tracing.ts';
import { headerPairs } from '../../web/headers.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { BodyTooLarge } from '../../web/http.ts';
import { BodyAborted } from '../../web/read-whole.ts';
import { traceParentOf } from '../../web/trace-parent.ts';
import type { ForwardOptions } from '../../web/upstream.ts';
import type { LoginEvent } from '../events.ts';
import { isNavigation } from '../guards.ts';

/** Runs work so that what it tells the log says whose work it was. */
export type Within = <T>(fields: Readonly<Record<string, string>>, work: () => T) => T;

/** Where a request was going; nothing here is as a client wrote it. */
export interface Place {
  /** One of our routes, `proxied`, `forward-auth` or `other`. */
  readonly route: string;
  /** Host of a configured ingress, or `other`. */
  readonly host: string;
}

/** As whom a request went to the application. */
type ForwardedAs = 'session' | 'inbound' | 'none';

/** One request under way. */
export interface RequestWatch {
  /** Runs the handler; one that fails is answered by the listener. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** What is sent on, with our place in the trace, and told to us when it is answered. */
  forward(options: ForwardOptions, as: ForwardedAs): ForwardOptions;
  /** The status of the answer's head; 499 for a client that left before. Counts once. */
  answered(status: number): void;
  /** The same answer, whose head is written later. */
  streamed(answer: HttpResponse): HttpResponse;
}

/** Watches requests. */
export interface RequestWatcher {
  begin(http: HttpRequest, place: Place): RequestWatch;
}

/** What the watcher tells, and to whom. */
export interface WatcherParts {
  readonly emit: Emit<LoginEvent>;
  readonly tracer: Tracer;
  readonly within: Within;
  readonly accessLogs: boolean;
}

const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
]);
const CODE_CLASSES: readonly string[] = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'];
/** What requests are called that are for none of our routes. */
const NO_ROUTES: ReadonlySet<string> = new Set(['proxied', 'forward-auth', 'other']);
const TRACE_HEADERS: ReadonlySet<string> = new Set(['traceparent', 'tracestate']);
/** What access logs call a client that left before the end of its answer. */
const CLIENT_GONE = 499;

/** Makes the watcher of one listener. */
export function createRequestWatcher(parts: WatcherParts): RequestWatcher {
  const countSocket = createSocketCount(parts.emit);
  return {
    begin(http, place) {
      countSocket('client', http.incoming.socket);
      return watch(parts, { http, place, onTunnel: (socket) => countSocket('tunnel', socket) });
    },
  };
}

interface Watched {
  readonly http: HttpRequest;
  readonly place: Place;
  readonly onTunnel: (socket: Duplex) => void;
}

function watch(parts: WatcherParts, { http, place, onTunnel }: Watched): RequestWatch {
  const { emit, tracer, within } = parts;
  const begun = performance.now();
  const method = METHODS.has(http.method) ? http.method : 'other';
  const span = tracer === NO_TRACER ? undefined : beginSpan(tracer, http, { ...place, method });
  const cid = http.correlationId;
  let isOver = false;
  let forwardedAs: ForwardedAs | undefined;

  function answered(code: number): void {
    if (isOver) return;
    isOver = true;
    const seconds = (performance.now() - begun) / 1000;
    emit({ event: 'request.done', route: place.route, method, code, seconds, host: place.host });
    if (forwardedAs !== undefined) {
      const code_class = CODE_CLASSES[Math.floor(code / 100)] ?? 'other';
      emit({ event: 'proxy.answered', decision: forwardedAs, code_class, method });
    }
    span?.set('http.response.status_code', code);
    span?.end(code >= 500 ? String(code) : undefined);
  }

  return {
    async run(work) {
      try {
        if (span === undefined) return await within({ cid }, work);
        return await within({ cid, trace: span.context?.traceId ?? '' }, () => span.run(work));
      } catch (error) {
        answered(error instanceof BodyTooLarge ? 413 : error instanceof BodyAborted ? 400 : 500);
        throw error;
      }
    },
    forward(options, as) {
      forwardedAs = as;
      const onAnswered = (status: number): void => {
        if (status === 101) onTunnel(http.incoming.socket);
        answered(status);
        options.onAnswered?.(status);
      };
      if (span === undefined) return { ...options, onAnswered };
      return {
        ...options,
        ...withTrace(
          options,
          span.run(() => tracer.headers()),
        ),
        onAnswered,
      };
    },
    answered,
    streamed(answer) {
      const { stream } = answer;
      const isListed = parts.accessLogs && forwardedAs !== undefined && (http.method !== 'GET' || isNavigation(http));
      // What is forwarded tells of its head itself.
      if (stream === undefined || (forwardedAs !== undefined && !isListed)) return answer;
      return {
        ...answer,
        stream(outgoing) {
          outgoing.once('close', () => {
            const code = outgoing.writableFinished ? outgoing.statusCode : CLIENT_GONE;
            answered(outgoing.headersSent ? outgoing.statusCode : CLIENT_GONE);
            if (!isListed) return;
            const seconds = (performance.now() - begun) / 1000;
            // The `Host` and the path are the client's words, its query is nobody's business.
            emit({ event: 'proxy.access', cid, method, host: place.host, path: http.path, code, seconds });
          });
          stream(outgoing);
        },
      };
    },
  };
}

function beginSpan(tracer: Tracer, http: HttpRequest, place: Place & { readonly method: string }): Span {
  const route = NO_ROUTES.has(place.route) ? place.route : `/oauth2/${place.route}`;
  const attributes: Attributes = {
    'http.request.method': place.method === 'other' ? '_OTHER' : place.method,
    'http.route': route,
    'server.address': place.host,
  };
  const name = `${place.method === 'other' ? 'HTTP' : place.method} ${route}`;
  const { traceparent, tracestate } = http.headers;
  return tracer.begin({ name, kind: 'server', attributes, parent: traceParentOf({ traceparent, tracestate }) });
}

/** Ours instead of what the client sent: the application's work is part of this request's. */
function withTrace(
  { headers, own = [] }: ForwardOptions,
  trace: Readonly<Record<string, string>>,
): Pick<ForwardOptions, 'headers' | 'own'> {
  return {
    headers: headerPairs(headers)
      .filter(([name]) => !TRACE_HEADERS.has(name.toLowerCase()))
      .flat(),
    own: [...own, ...Object.entries(trace).flat()],
  };
}

function createSocketCount(emit: Emit<LoginEvent>): (kind: 'client' | 'tunnel', socket: Duplex) => void {
  const open = { client: 0, tunnel: 0 };
  const known = { client: new WeakSet<Duplex>(), tunnel: new WeakSet<Duplex>() };
  return (kind, socket) => {
    if (known[kind].has(socket) || socket.destroyed) return;
    known[kind].add(socket);
    open[kind] += 1;
    emit({ event: 'sockets.counted', kind, open: open[kind] });
    socket.once('close', () => {
      open[kind] -= 1;
      emit({ event: 'sockets.counted', kind, open: open[kind] });
    });
  };
}
