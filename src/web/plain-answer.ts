import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ForwardOptions, UpstreamTimes } from './forward.ts';
import { endToEndHeaders, headerPairs, isHeaderValue } from './headers.ts';
import type { HttpRequest } from './http.ts';
import { handOver, onAbort } from './lasting.ts';
import { isEventStream } from './relay.ts';
import { hangUp } from './respond.ts';

/** The client's side of a handshake. */
interface Asking {
  readonly request: HttpRequest;
  readonly socket: Duplex;
  readonly options: ForwardOptions;
  readonly limits: UpstreamTimes;
}

/** Writes the head of an answer to a bare socket: what the application sent, and what is ours to say. */
export function writeAnswerHead(
  { socket, options }: Pick<Asking, 'socket' | 'options'>,
  answer: IncomingMessage,
  { statusLine, own }: { readonly statusLine: string; readonly own: readonly string[] },
): void {
  const raw = endToEndHeaders(answer.rawHeaders);
  const headers = [...(options.responseHeaders?.(raw) ?? raw), ...own];
  const lines = headerPairs(headers).map(([name, value]) => `${name}: ${value}`);
  socket.write(`${[statusLine, ...lines].join('\r\n')}\r\n\r\n`, 'latin1');
}

/**
 * Passes on an answer to a handshake that is no 101, and closes the connection after it. It lasts no longer than any other answer: an
 * event stream ends with whoever holds it, all else when nothing of it moves for a while.
 */
export function passOn(asking: Asking, answer: IncomingMessage): void {
  const { socket, options, request } = asking;
  answer.on('error', () => socket.destroy());
  answer.once('aborted', () => socket.destroy());
  socket.once('close', () => answer.destroy());
  // Only a socket that is read tells that its client is gone. What it still says is for nobody.
  const leave = (): void => void socket.destroy();
  socket.once('end', leave).resume();
  const { statusMessage = '' } = answer;
  const statusLine = `HTTP/1.1 ${answer.statusCode ?? 502} ${isHeaderValue(statusMessage) ? statusMessage : ''}`;
  // Without the upstream's framing the end of the connection is the end of the body.
  writeAnswerHead(asking, answer, { statusLine, own: ['Connection', 'close'] });
  options.onAnswered?.(answer.statusCode ?? 502);
  answer.pipe(socket, { end: false });
  const finish = (): void => {
    socket.off('end', leave).end();
    hangUp(socket);
  };
  answer.once('end', finish);
  cutWhenStuck(asking, answer);
  if (!isEventStream(answer.rawHeaders)) return;
  const end = (): void => {
    answer.unpipe(socket).destroy();
    finish();
  };
  onAbort(request.closing?.(), socket, end);
  handOver(options.onOpen?.('event-stream'), socket, end);
}

/** An event stream may be silent; its client has to read all the same. */
function cutWhenStuck({ socket, limits }: Asking, answer: IncomingMessage): void {
  const cut = (): void => void socket.destroy();
  const milliseconds = limits.idleSeconds * 1000;
  if (!isEventStream(answer.rawHeaders)) {
    answer.setTimeout(milliseconds, cut);
    return;
  }
  let behind: NodeJS.Timeout | undefined;
  answer.on('pause', () => (behind ??= setTimeout(cut, 2 * milliseconds)));
  const caughtUp = (): void => {
    clearTimeout(behind);
    behind = undefined;
  };
  answer.on('resume', caughtUp);
  socket.once('close', caughtUp);
}
