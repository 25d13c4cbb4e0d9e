/** One conversation to try: what is sent, and what the one request in it is. */
export interface Payload {
  readonly name: string;
  /** One character a byte. Ends with an honest request for `/last-<id>`, which asks for the connection to be closed. */
  readonly bytes: string;
}

const HOST = 'Host: app.example.test';

/** The request that hides in a body; nobody sent it, so no app may ever see it. */
export function hidden(id: number): string {
  return `GET /smuggled-${id} HTTP/1.1\r\n${HOST}\r\n\r\n`;
}

function last(id: number): string {
  return `GET /last-${id} HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`;
}

function request(id: number, head: readonly string[], body: string): string {
  return `${[`POST /sent-${id} HTTP/1.1`, HOST, ...head].join('\r\n')}\r\n\r\n${body}`;
}

const TRANSFER = 'Transfer-Encoding: chunked';
/** Bytes put into a header, beside those that belong there. */
const BYTES = [0, 1, 8, 9, 10, 11, 12, 13, 27, 32, 33, 34, 35, 39, 40, 44, 45, 46, 47, 58, 59, 61, 95, 0x7f, 0x80, 0x85, 0xa0, 0xad, 0xff];

/** A header with one byte inserted at, or put in the place of, one position. */
function mutations(line: string): readonly (readonly [string, string])[] {
  return BYTES.flatMap((byte) =>
    Array.from({ length: line.length + 1 }, (_, at) => at).flatMap((at) => {
      const character = String.fromCharCode(byte);
      const said = `0x${byte.toString(16)} at ${at}`;
      return [
        [`${said} inserted`, line.slice(0, at) + character + line.slice(at)],
        [`${said} instead`, line.slice(0, at) + character + line.slice(at + 1)],
      ] as const;
    }),
  );
}

type Combination = (id: number, line: string) => string;

/**
 * The hidden request is inside the body for whoever obeys Content-Length (CL.TE), inside a chunk for whoever obeys the
 * coding (TE.CL), or there are two codings (TE.TE). Read by the standard, each holds one request or none.
 */
const COMBINATIONS: readonly (readonly [string, Combination])[] = [
  [
    'CL.TE',
    (id, line) => {
      const body = `0\r\n\r\n${hidden(id)}`;
      return request(id, [`Content-Length: ${body.length}`, line], body);
    },
  ],
  [
    'TE.CL',
    (id, line) => {
      const inner = hidden(id);
      const size = inner.length.toString(16);
      return request(id, [line, `Content-Length: ${size.length + 2}`], `${size}\r\n${inner}\r\n0\r\n\r\n`);
    },
  ],
  ['TE.TE', (id, line) => request(id, [TRANSFER, line], chunked(hidden(id)))],
  ['TE alone', (id, line) => request(id, [line], chunked(hidden(id)))],
];

function chunked(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}

/** Every byte x position x combination, about 5,000; of them one in `every`, beginning with `offset`. */
export function generated(every: number, offset: number): readonly Payload[] {
  const all = [...mutations(TRANSFER), ...mutations('Content-Length: 5').map(([said, line]) => [`CL ${said}`, line] as const)];
  const payloads: Payload[] = [];
  let id = 0;
  for (const [said, line] of all) {
    for (const [name, combine] of COMBINATIONS) {
      id += 1;
      if (id % every === offset % every) payloads.push({ name: `${name} ${said}`, bytes: combine(id, line) + last(id) });
    }
  }
  return payloads;
}

/** What people have broken proxies with, in few words. `H` stands for the hidden request, `N` for its length, `X` in hexadecimal. */
const PICKED: readonly (readonly [name: string, head: readonly string[], body: string])[] = [
  ['two lengths, smaller first', ['Content-Length: 0', 'Content-Length: N'], 'H'],
  ['two lengths, larger first', ['Content-Length: N', 'Content-Length: 0'], 'H'],
  ['two equal lengths', ['Content-Length: N', 'Content-Length: N'], 'H'],
  ['a list of lengths', ['Content-Length: N, N'], 'H'],
  ['a signed length', ['Content-Length: +N'], 'H'],
  ['a negative length', ['Content-Length: -1'], '\u0000H'],
  ['a length with leading zeros', ['Content-Length: 000N'], 'H'],
  ['a hexadecimal length', ['Content-Length: 0xX'], '\u0000H'],
  ['a fractional length', ['Content-Length: N.0'], '\u0000H'],
  ['a length of 2^64', ['Content-Length: 18446744073709551616'], '\u0000H'],
  ['a length of 2^64 + N', ['Content-Length: 18446744073709551615'], '\u0000H'],
  ['an empty length', ['Content-Length: '], '\u0000H'],
  ['a folded length', ['Content-Length:', ' N'], 'H'],
  ['a length folded behind another header', ['X: y', ' Content-Length: 0', 'Content-Length: N'], 'H'],
  ['a folded coding', ['Transfer-Encoding:', ' chunked'], 'X\r\nH\r\n0\r\n\r\n'],
  ['a coding folded away', ['X: y', '\tTransfer-Encoding: chunked', 'Content-Length: N'], 'H'],
  ['chunked, identity', ['Transfer-Encoding: chunked, identity'], 'X\r\nH\r\n0\r\n\r\n'],
  ['identity', ['Transfer-Encoding: identity', 'Content-Length: N'], 'H'],
  ['gzip, chunked', ['Transfer-Encoding: gzip, chunked'], 'X\r\nH\r\n0\r\n\r\n'],
  ['chunked twice', ['Transfer-Encoding: chunked, chunked'], 'X\r\nH\r\n0\r\n\r\n'],
  ['two headers of codings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], 'X\r\nH\r\n0\r\n\r\n'],
  ['coding in quotes', ['Transfer-Encoding: "chunked"', 'Content-Length: N'], 'H'],
  ['coding with a parameter', ['Transfer-Encoding: chunked;q=1', 'Content-Length: N'], 'H'],
  ['coding and length', ['Transfer-Encoding: chunked', 'Content-Length: N'], '0\r\n\r\nH'],
  ['an underscored coding', ['Transfer_Encoding: chunked', 'Content-Length: N'], 'H'],
  ['an empty header name', [': chunked', 'Content-Length: N'], 'H'],
  ['CR inside a header name', ['Transfer\r-Encoding: chunked', 'Content-Length: N'], 'H'],
  ['bare CR in a value', ['X: y\rTransfer-Encoding: chunked', 'Content-Length: N'], 'H'],
  ['bare LF between headers', ['X: y\nTransfer-Encoding: chunked', 'Content-Length: N'], 'H'],
  ['bare LF at the end of the headers', ['X: y\n\nH', 'Content-Length: N'], 'H'],
  ['NUL in a value', ['X: \u0000', 'Content-Length: N'], 'H'],
  ['a chunk extension', ['Transfer-Encoding: chunked'], 'X;a=b\r\nH\r\n0\r\n\r\n'],
  ['a chunk extension with CR', ['Transfer-Encoding: chunked'], 'X;a\rb\r\nH\r\n0\r\n\r\n'],
  ['a chunk extension with LF', ['Transfer-Encoding: chunked'], 'X;\nH\r\n0\r\n\r\n'],
  ['a quoted chunk extension with a line end', ['Transfer-Encoding: chunked'], 'X;a="\r\nH\r\n0\r\n\r\n'],
  ['a chunk size with LF only', ['Transfer-Encoding: chunked'], 'X\nH\r\n0\r\n\r\n'],
  ['a chunk size with 0x', ['Transfer-Encoding: chunked'], '0xX\r\nH\r\n0\r\n\r\n'],
  ['a chunk size with a sign', ['Transfer-Encoding: chunked'], '+X\r\nH\r\n0\r\n\r\n'],
  ['a chunk size with an underscore', ['Transfer-Encoding: chunked'], '0_X\r\nH\r\n0\r\n\r\n'],
  ['a chunk size beyond 2^64', ['Transfer-Encoding: chunked'], '1000000000000000X\r\nH\r\n0\r\n\r\n'],
  ['a chunk longer than its size', ['Transfer-Encoding: chunked'], '1\r\nH\r\n0\r\n\r\n'],
  ['a chunk without its line end', ['Transfer-Encoding: chunked'], 'X\r\nH0\r\n\r\n'],
  ['a trailer', ['Transfer-Encoding: chunked', 'Trailer: X-Forwarded-For'], 'X\r\nH\r\n0\r\nX-Forwarded-For: forged\r\n\r\n'],
  ['a trailer with framing', ['Transfer-Encoding: chunked'], 'X\r\nH\r\n0\r\nContent-Length: N\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['a trailer that is a request', ['Transfer-Encoding: chunked'], '0\r\nX: yH\r\n'],
  ['Expect and a body', ['Expect: 100-continue', 'Content-Length: N'], 'H'],
  ['an unknown Expect', ['Expect: 102-continue', 'Content-Length: N'], 'H'],
  ['Upgrade h2c and a body', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__', 'Content-Length: N'], 'H'],
  ['Connection names the length', ['Connection: Content-Length', 'Content-Length: N'], 'H'],
  ['Connection names the coding', ['Connection: Transfer-Encoding', 'Transfer-Encoding: chunked'], 'X\r\nH\r\n0\r\n\r\n'],
];

/** The picked ones, in POST and, where bodies are unusual, in GET, HEAD, DELETE and OPTIONS. */
export function picked(): readonly Payload[] {
  const methods = ['POST', 'GET', 'HEAD', 'DELETE', 'OPTIONS'];
  return methods.flatMap((method, m) =>
    PICKED.map(([name, head, body], p) => {
      const id = 1_000_000 + m * 1000 + p;
      const inner = hidden(id);
      const fill = (text: string): string =>
        text.replaceAll(/H(?=\r|0|$)|\bN\b|(?<=\+|000)N|X(?=\r|\n|;)/g, (mark) =>
          mark === 'H' ? inner : mark === 'N' ? String(inner.length) : inner.length.toString(16),
        );
      const text = request(id, head.map(fill), fill(body)).replace(/^POST/, method);
      return { name: `${method}: ${name}`, bytes: text + last(id) };
    }),
  );
}
