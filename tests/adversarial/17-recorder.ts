import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** What an upstream saw that believes nothing: whole requests, and whatever is not one to the letter. */
export interface Recorder {
  readonly server: Server;
  /** Targets in the order they came. */
  readonly targets: readonly string[];
  /** Bodies by target. */
  readonly bodies: ReadonlyMap<string, string>;
  /** What two parsers might read differently. */
  readonly faults: readonly string[];
}

const START = /^(?:GET|POST|HEAD|DELETE|OPTIONS|PUT|PATCH) (\/[\x21-\x7e]*) HTTP\/1\.1$/;
const FIELD = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]?([\t\x20-\x7e\x80-\xff]*)$/;

/**
 * An upstream that reads HTTP/1.1 in its narrowest grammar: no folding, no extension, no trailer, one `Host`, one way
 * to tell the length, every line ended by CR LF. It answers each request with its target.
 */
export function createRecorder(): Recorder {
  const targets: string[] = [];
  const bodies = new Map<string, string>();
  const faults: string[] = [];
  const server = createServer((socket: Socket) => {
    let buffered = '';
    socket.setEncoding('latin1').on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      buffered += chunk;
      for (;;) {
        const read = readRequest(buffered);
        if (read === 'more') return;
        if ('fault' in read) {
          faults.push(`${read.fault} in ${JSON.stringify(buffered.slice(0, 300))}`);
          socket.destroy();
          return;
        }
        buffered = buffered.slice(read.length);
        targets.push(read.target);
        bodies.set(read.target, read.body);
        const length = `Content-Length: ${read.target.length}`;
        socket.write(`HTTP/1.1 200 OK\r\n${length}\r\n\r\n${read.isHead ? '' : read.target}`, 'latin1');
      }
    });
  });
  return { server, targets, bodies, faults };
}

interface ReadRequest {
  readonly target: string;
  readonly isHead: boolean;
  readonly body: string;
  readonly length: number;
}

function readRequest(text: string): ReadRequest | { readonly fault: string } | 'more' {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return 'more';
  const [start = '', ...lines] = text.slice(0, end).split('\r\n');
  const target = START.exec(start)?.[1];
  if (target === undefined) return { fault: 'an odd request line' };
  const fields = lines.map((line) => FIELD.exec(line));
  if (fields.includes(null)) return { fault: 'an odd header line' };
  const values = (name: string): string[] =>
    fields.flatMap((field) => (field?.[1]?.toLowerCase() === name ? [field[2] ?? ''] : []));
  if (values('host').length !== 1) return { fault: 'not one Host' };
  const [lengths, codings] = [values('content-length'), values('transfer-encoding')];
  if (lengths.length + codings.length > 1) return { fault: 'two ways to tell the length' };
  if (values('trailer').length > 0) return { fault: 'a Trailer' };
  if (codings.some((coding) => coding !== 'chunked')) return { fault: 'an odd coding' };
  if (lengths.some((length) => !/^(?:0|[1-9]\d{0,9})$/.test(length))) return { fault: 'an odd length' };
  const rest = text.slice(end + 4);
  const body = codings.length > 0 ? readChunks(rest) : readLength(rest, Number(lengths[0] ?? 0));
  if (typeof body === 'string') return body === 'more' ? 'more' : { fault: body };
  return { target, isHead: start.startsWith('HEAD'), body: body.text, length: end + 4 + body.length };
}

type Body = { readonly text: string; readonly length: number };

function readLength(rest: string, length: number): Body | 'more' {
  return rest.length < length ? 'more' : { text: rest.slice(0, length), length };
}

function readChunks(rest: string): Body | string {
  let at = 0;
  let text = '';
  for (;;) {
    const end = rest.indexOf('\r\n', at);
    if (end === -1) return 'more';
    const size = rest.slice(at, end);
    if (!/^[0-9A-Fa-f]{1,8}$/.test(size)) return 'an odd chunk size';
    const bytes = Number.parseInt(size, 16);
    const next = end + 2 + bytes + 2;
    if (rest.length < next) return 'more';
    if (rest.slice(next - 2, next) !== '\r\n') return bytes === 0 ? 'a trailer' : 'a chunk without its end';
    text += rest.slice(end + 2, next - 2);
    at = next;
    if (bytes === 0) return { text, length: at };
  }
}
