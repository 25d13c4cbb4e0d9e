import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Dispatcher } from 'undici';
import { faultOf } from './fault.ts';
import { endToEndHeaders, headerPairs, headerValues } from './headers.ts';
import type { HttpRequest, HttpResponse } from './http.ts';
import { handOver, onAbort } from './lasting.ts';
import { endAfterUpload, LINGER_SECONDS, respond } from './respond.ts';
import type { ForwardOptions, UpstreamTimes } from './forward.ts';

/** One request on its way through. */
export interface RelayOptions {
  readonly request: HttpRequest;
  readonly outgoing: ServerResponse;
  readonly options: ForwardOptions;
  /** What goes upstream, ours included: names and values in turn. */
  readonly headers: string[];
  readonly connect: () => Promise<Dispatcher>;
  readonly limits: UpstreamTimes;
  /** Whether an error came from a connection that had served a request before. */
  readonly wasReused: (error: Error) => boolean;
}

/** Sends the request on and streams the answer back, with back-pressure both ways; a client that leaves cancels upstream. */
export function createRelay(relay: RelayOptions): void {
  const { request, outgoing } = relay;
  // Who left while the request was judged does so only once, and what was not sent needs no end.
  if (outgoing.destroyed) return relay.options.onAnswered?.(CLIENT_GONE);
  const state: RelayState = {
    controller: undefined,
    idle: undefined,
    answered: false,
    begun: false,
    behind: undefined,
    gone: false,
  };
  outgoing.once('close', () => {
    clearTimeout(state.idle);
    clearTimeout(state.behind);
    if (outgoing.writableFinished) return;
    if (!outgoing.headersSent) relay.options.onAnswered?.(CLIENT_GONE);
    state.gone = true;
    state.controller?.abort(new Error('client went away'));
  });
  void relay
    .connect()
    .then((pool) => (state.gone ? undefined : send(relay, state, { pool, again: isRepeatable(request) })))
    .catch((error: unknown) => fail(relay, state, error));
}

/** What access logs call a client that left before its answer. */
const CLIENT_GONE = 499;

interface RelayState {
  controller: Dispatcher.DispatchController | undefined;
  idle: NodeJS.Timeout | undefined;
  /** The application has begun to answer. */
  answered: boolean;
  /** Something of its body, or its end, went to the client, and the headers with it. */
  begun: boolean;
  /** Runs while the client is behind: the application is not read until it has caught up. */
  behind: NodeJS.Timeout | undefined;
  /** The client left, or was sent away: nothing more is for it. */
  gone: boolean;
}

function send(relay: RelayOptions, state: RelayState, { pool, again }: { pool: Dispatcher; again: boolean }): void {
  const { request, outgoing, options, headers, limits } = relay;
  // The pool destroys what it is given when it fails, and the client still has to hear of that.
  const upload = hasBody(request) ? request.incoming.pipe(new PassThrough()) : null;
  pool.dispatch(
    { method: request.method, path: options.path, headers, body: upload },
    {
      onRequestStart(controller) {
        state.controller = controller;
        if (state.gone) controller.abort(new Error('client went away'));
      },
      onResponseStarted() {
        state.answered = true;
      },
      onResponseStart(controller, status, _headers, message) {
        if (status < 200) return;
        const raw = endToEndHeaders(rawStrings(controller.rawHeaders));
        const other = options.instead?.(status, raw);
        if (other !== undefined) return replace(relay, state, other);
        writeHead(relay, { status, message, raw: options.responseHeaders?.(raw) ?? raw });
        process.nextTick(() => outlast(relay, state, raw));
      },
      onResponseData(controller, chunk) {
        state.begun = true;
        state.idle?.refresh();
        if (outgoing.write(chunk) || state.behind !== undefined) return;
        controller.pause();
        // Node's own timer knows whether the kernel still takes bytes of a large chunk, but runs anew when the client sends some.
        outgoing.socket?.setTimeout(limits.idleSeconds * 1000);
        state.behind = setTimeout(() => cut(relay, state), 2 * limits.idleSeconds * 1000);
        outgoing.once('drain', () => {
          clearTimeout(state.behind);
          state.behind = undefined;
          outgoing.socket?.setTimeout(0);
          state.idle?.refresh();
          controller.resume();
        });
      },
      onResponseEnd() {
        state.begun = true;
        clearTimeout(state.idle);
        if (upload !== null) request.incoming.unpipe(upload);
        endAfterUpload(request.incoming, outgoing);
      },
      onResponseError(_controller, error) {
        if (upload !== null) request.incoming.unpipe(upload);
        const died = relay.wasReused(error) || socketWasReused(error);
        if (again && !state.answered && !state.gone && died) send(relay, state, { pool, again: false });
        else fail(relay, state, error);
      },
    },
  );
}

function writeHead(
  { request, outgoing, options }: RelayOptions,
  answer: { status: number; message: string | undefined; raw: readonly string[] },
): void {
  // An answer before the end of the upload leaves the connection where no next request can begin.
  const early = hasBody(request) && !request.incoming.complete;
  const raw = answer.status === 204 ? withoutLength(answer.raw) : answer.raw;
  const headers = early ? [...raw, 'Connection', 'close'] : [...raw];
  if (answer.message === undefined) outgoing.writeHead(answer.status, headers);
  else outgoing.writeHead(answer.status, answer.message, headers);
  options.onAnswered?.(answer.status);
}

/** Whoever is before us might wait for a body of that length (RFC 9110 8.6). */
function withoutLength(raw: readonly string[]): readonly string[] {
  return headerPairs(raw)
    .filter(([name]) => name.toLowerCase() !== 'content-length')
    .flat();
}

/** Most answers are whole in the packet they begin in; the others get what an answer needs that takes its time. */
function outlast(relay: RelayOptions, state: RelayState, raw: readonly string[]): void {
  const { request, outgoing, options, limits } = relay;
  if (outgoing.writableEnded || outgoing.destroyed) return;
  // The headers may be long before the first byte. `flushHeaders` would write them as UTF-8, which they are not.
  if (!state.begun) outgoing.write('', 'latin1');
  if (isEventStream(raw)) {
    const end = (): void => endStream(relay, state);
    onAbort(request.closing?.(), outgoing, end);
    handOver(options.onOpen?.('event-stream'), outgoing, end);
  }
  // A client that is behind has timers of its own.
  else state.idle = setTimeout(() => state.behind !== undefined || cut(relay, state), limits.idleSeconds * 1000);
}

/** The application's answer is dropped, and its connection with it: the rest of it may be long. */
function replace(relay: RelayOptions, state: RelayState, answer: HttpResponse): void {
  const { request, outgoing, options, limits } = relay;
  state.gone = true;
  state.controller?.abort(new Error('another answer took its place'));
  const { incoming, correlationId } = request;
  respond({ incoming, outgoing, correlationId, writeIdleSeconds: limits.idleSeconds }, answer);
  options.onAnswered?.(answer.status);
}

function cut({ outgoing }: RelayOptions, state: RelayState): void {
  state.controller?.abort(new Error('upstream fell silent'));
  outgoing.destroy();
}

/** The answer ends here, and its connection with it: the application may have promised a length. */
function endStream({ outgoing }: RelayOptions, state: RelayState): void {
  if (state.gone) return;
  state.gone = true;
  state.controller?.abort(new Error('the stream was ended'));
  const { socket } = outgoing;
  outgoing.end(() => socket?.destroySoon());
  const timer = setTimeout(() => outgoing.destroy(), LINGER_SECONDS * 1000);
  outgoing.once('close', () => clearTimeout(timer));
}

function fail({ request, outgoing, options }: RelayOptions, state: RelayState, error: unknown): void {
  clearTimeout(state.idle);
  if (outgoing.destroyed || state.gone) return;
  options.onFailed?.(faultOf(error));
  if (outgoing.headersSent) {
    // A clean end would make half an answer look whole.
    outgoing.destroy();
    return;
  }
  const status = isTimeout(error) ? 504 : 502;
  // It may be the application's, and the very thing that could not be written.
  outgoing.statusMessage = '';
  const early = hasBody(request) && !request.incoming.complete;
  outgoing.writeHead(status, early ? ['Content-Length', '0', 'Connection', 'close'] : ['Content-Length', '0']);
  options.onAnswered?.(status);
  outgoing.flushHeaders();
  endAfterUpload(request.incoming, outgoing);
}

function hasBody(request: HttpRequest): boolean {
  const { headers } = request;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function isRepeatable(request: HttpRequest): boolean {
  return (request.method === 'GET' || request.method === 'HEAD') && !hasBody(request);
}

/** Whether an answer's headers (names and values in turn) announce events without an end. */
export function isEventStream(raw: readonly string[]): boolean {
  return headerValues(raw, 'content-type').some((type) => /^\s*text\/event-stream\b/i.test(type));
}

function rawStrings(raw: Dispatcher.DispatchController['rawHeaders']): readonly string[] {
  return Array.isArray(raw) ? raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1'))) : [];
}

function isTimeout(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'ETIMEDOUT';
}

function socketWasReused(error: Error): boolean {
  if (!('socket' in error) || typeof error.socket !== 'object' || error.socket === null) return false;
  return 'bytesRead' in error.socket && typeof error.socket.bytesRead === 'number' && error.socket.bytesRead > 0;
}
