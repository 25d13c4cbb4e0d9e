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
const BYTES = [
  0, 1, 8, 9, 10, 11, 12, 13, 27, 32, 33, 34, 35, 39, 40, 44, 45, 46, 47, 58, 59, 61, 95, 0x7f, 0x80, 0x85, 0xa0, 0xad,
  0xff,
];

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
 * coding (TE.CL: the length ends one byte into it), or there are two codings (TE.TE). Read by the standard, each holds
 * one request or none.
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
      return request(id, [line, `Content-Length: ${size.length + 3}`], `${size}\r\n${inner}\r\n0\r\n\r\n`);
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
  const all = [
    ...mutations(TRANSFER),
    ...mutations('Content-Length: 5').map(([said, line]) => [`CL ${said}`, line] as const),
  ];
  const payloads: Payload[] = [];
  let id = 0;
  for (const [said, line] of all) {
    for (const [name, combine] of COMBINATIONS) {
      id += 1;
      if (id % every === offset % every)
        payloads.push({ name: `${name} ${said}`, bytes: combine(id, line) + last(id) });
    }
  }
  return payloads;
}

type Picked = readonly [name: string, head: readonly string[], body: string];

/** What people have broken proxies with, about the hidden request `h`. */
function shapes(h: string): readonly Picked[] {
  const n = h.length;
  const x = n.toString(16);
  const chunks = chunked(h);
  const length = `Content-Length: ${n}`;
  return [
    ['two lengths, smaller first', ['Content-Length: 0', length], h],
    ['two lengths, larger first', [length, 'Content-Length: 0'], h],
    ['two equal lengths', [length, length], h],
    ['a list of lengths', [`Content-Length: ${n}, ${n}`], h],
    ['a signed length', [`Content-Length: +${n}`], h],
    ['a negative length', ['Content-Length: -1'], `\0${h}`],
    ['a length with a blank in it', ['Content-Length: 1 0'], `\0${h}`],
    ['a hexadecimal length', [`Content-Length: 0x${x}`], `\0${h}`],
    ['a fractional length', [`Content-Length: ${n}.0`], `\0${h}`],
    ['a length of 2^64', ['Content-Length: 18446744073709551616'], `\0${h}`],
    ['a length of 2^64 and a little', [`Content-Length: ${2n ** 64n + BigInt(n)}`], `\0${h}`],
    ['an empty length', ['Content-Length: '], `\0${h}`],
    ['a folded length', ['Content-Length:', ` ${n}`], h],
    ['a length folded behind another header', ['X: y', ' Content-Length: 0', length], h],
    ['a folded coding', ['Transfer-Encoding:', ' chunked'], chunks],
    ['a coding folded away', ['X: y', '\tTransfer-Encoding: chunked', length], h],
    ['chunked, identity', ['Transfer-Encoding: chunked, identity'], chunks],
    ['identity', ['Transfer-Encoding: identity', length], h],
    ['gzip, chunked', ['Transfer-Encoding: gzip, chunked'], chunks],
    ['chunked twice', ['Transfer-Encoding: chunked, chunked'], chunks],
    ['two headers of codings', [TRANSFER, 'Transfer-Encoding: identity'], chunks],
    ['a coding in quotes', ['Transfer-Encoding: "chunked"', length], h],
    ['a coding with a parameter', ['Transfer-Encoding: chunked;q=1', length], h],
    ['a coding and a length', [TRANSFER, length], `0\r\n\r\n${h}`],
    ['an underscored coding', ['Transfer_Encoding: chunked', length], h],
    ['an empty header name', [': chunked', length], h],
    ['CR inside a header name', ['Transfer\r-Encoding: chunked', length], h],
    ['bare CR in a value', ['X: y\rTransfer-Encoding: chunked', length], h],
    ['bare LF between headers', ['X: y\nTransfer-Encoding: chunked', length], h],
    ['bare LF at the end of the headers', [`X: y\n\n${h}`, length], h],
    ['NUL in a value', ['X: \0', length], h],
    ['a chunk extension', [TRANSFER], chunks.replace('\r\n', ';a=b\r\n')],
    ['a chunk extension with CR', [TRANSFER], chunks.replace('\r\n', ';a\rb\r\n')],
    ['a chunk extension with LF', [TRANSFER], chunks.replace('\r\n', ';\n')],
    ['a quoted chunk extension with a line end', [TRANSFER], chunks.replace('\r\n', ';a="\r\n')],
    ['a chunk size with LF only', [TRANSFER], chunks.replace('\r\n', '\n')],
    ['a chunk size with 0x', [TRANSFER], `0x${chunks}`],
    ['a chunk size with a sign', [TRANSFER], `+${chunks}`],
    ['a chunk size with an underscore', [TRANSFER], `0_${chunks}`],
    ['a chunk size beyond 2^64', [TRANSFER], `1${'0'.repeat(16)}${chunks}`],
    ['a chunk longer than its size', [TRANSFER], `1\r\n${h}\r\n0\r\n\r\n`],
    ['a chunk without its line end', [TRANSFER], `${x}\r\n${h}0\r\n\r\n`],
    ['a trailer', [TRANSFER, 'Trailer: X-Forwarded-For'], chunks.replace(/\r\n$/, 'X-Forwarded-For: forged\r\n\r\n')],
    ['a trailer with framing', [TRANSFER], chunks.replace(/\r\n$/, `Content-Length: 0\r\n${TRANSFER}\r\n\r\n`)],
    ['a trailer that is a request', [TRANSFER], `0\r\nX: y${h}`],
    ['Expect and a body', ['Expect: 100-continue', length], h],
    ['an unknown Expect', ['Expect: 102-continue', length], h],
    ['h2c and a body', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk', length], h],
    ['Connection names the length', ['Connection: Content-Length', length], h],
    ['Connection names the coding', ['Connection: Transfer-Encoding', TRANSFER], chunks],
  ];
}

/** The picked ones, in POST and, where bodies are unusual, in GET, HEAD, DELETE and OPTIONS. */
export function picked(): readonly Payload[] {
  return ['POST', 'GET', 'HEAD', 'DELETE', 'OPTIONS'].flatMap((method, m) =>
    shapes('').map((_, index) => {
      const id = 1_000_000 + m * 1000 + index;
      const [name, head, body] = shapes(hidden(id))[index] ?? ['', [], ''];
      return { name: `${method}: ${name}`, bytes: request(id, head, body).replace('POST', method) + last(id) };
    }),
  );
}
