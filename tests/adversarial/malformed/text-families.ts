import { b64, claims, header, segments, signed } from './template.ts';
import type { Segment, Shape, Template } from './template.ts';

/** A segment written differently, the signature right over what is written. */
const respelt =
  (which: Segment, change: (segment: string) => string, pad = ''): Shape =>
  (template) => {
    const text = which === 'headerSegment' ? header(template, { pad }) : claims(template, { pad });
    const segment = change(b64(text));
    return signed(template, which === 'headerSegment' ? { headerSegment: segment } : { payloadSegment: segment });
  };

/** The last character with another of the spellings that lenient decoders take for the same. */
function strayBits(segment: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(segment.at(-1) ?? '');
  return segment.slice(0, -1) + (alphabet[last + 1] ?? 'B');
}

/** Padded until its length leaves such bits: a text of 3n + 1 bytes. */
const withStrayBits =
  (which: 'header' | 'payload'): Shape =>
  (template) => {
    const make = which === 'header' ? header : claims;
    for (let length = 0; ; length += 1) {
      const text = make(template, { pad: 'x'.repeat(length) });
      const segment = strayBits(b64(text));
      if (Buffer.byteLength(text) % 3 !== 1) continue;
      return signed(template, which === 'header' ? { headerSegment: segment } : { payloadSegment: segment });
    }
  };

/** Plain base64 where it differs from base64url: the padding text makes sure that it does. */
const plain = (segment: string): string => segment.replaceAll('-', '+').replaceAll('_', '/');
const UNUSUAL = '\u00ff\u00fe???>>>\u07ff~~~';

const signatureSpelt =
  (change: (segment: string) => string): Shape =>
  (template) => {
    const [first, second, third] = segments(template);
    return `${first}.${second}.${change(third)}`;
  };

/** Everything that a lenient decoder reads and a canonical one does not. */
export const base64urlFaults: readonly Shape[] = [
  respelt('headerSegment', (text) => `${text}=`),
  respelt('payloadSegment', (text) => `${text}==`),
  signatureSpelt((text) => `${text}=`),
  signatureSpelt((text) => `${text}==`),
  signatureSpelt((text) => `${text}%3D`),
  respelt('headerSegment', plain, UNUSUAL),
  respelt('payloadSegment', plain, UNUSUAL),
  withStrayBits('header'),
  withStrayBits('payload'),
  signatureSpelt(strayBits),
  signatureSpelt((text) => `${text}A`.padEnd(Math.ceil((text.length + 1) / 4) * 4 + 1, 'A')),
  respelt('payloadSegment', (text) => `${text.slice(0, 8)}\n${text.slice(8)}`),
  respelt('payloadSegment', (text) => `${text.slice(0, 8)} ${text.slice(8)}`),
  respelt('headerSegment', (text) => text.replace('e', '\u{ff45}')),
  respelt('payloadSegment', (text) => `${text}\u0660`),
  signatureSpelt((text) => text.replaceAll(/[0-9]/g, (digit) => String.fromCodePoint(0x0660 + Number(digit)))),
];

const around =
  (before: string, after: string): Shape =>
  (template) =>
    `${before}${signed(template)}${after}`;

/** White space and control bytes at the ends, at the dots and inside. */
export const whitespaceAndControl: readonly Shape[] = [
  around(' ', ''),
  around('', ' '),
  around('\t', '\t'),
  around('', '\n'),
  around('', '\r\n'),
  around('\u0000', ''),
  around('', '\u0000'),
  around('\ufeff', ''),
  around('', '\u200b'),
  around('\u00a0', ''),
  around('"', '"'),
  around('Bearer ', ''),
  ...['.\n', ' .', '.\u0000', '.\t'].map(
    (dot): Shape =>
      (template) =>
        signed(template).replace('.', dot),
  ),
  (template, random) => {
    const good = signed(template);
    const at = 1 + random.below(good.length - 2);
    return good.slice(0, at) + random.pick([' ', '\n', '\u0000', '\u001f', '\u007f', '\u2028']) + good.slice(at);
  },
];

const rawHeader =
  (change: (text: string, template: Template) => string | Uint8Array): Shape =>
  (template) =>
    signed(template, { header: change(header(template), template) });
const rawClaims =
  (change: (text: string, template: Template) => string | Uint8Array): Shape =>
  (template) =>
    signed(template, { payload: change(claims(template), template) });
const first = (members: string) => (text: string) => `{${members},${text.slice(1)}`;
const last = (members: string) => (text: string) => `${text.slice(0, -1)},${members}}`;

/** One name twice: two readers, two tokens. */
export const duplicateNames: readonly Shape[] = [
  rawHeader(first('"alg":"none"')),
  rawHeader(last('"alg":"RS256"')),
  rawHeader(first('"kid":"another"')),
  rawHeader(first('"\\u0061lg":"none"')),
  rawHeader(last('"x":{"a":1,"a":1}')),
  rawClaims(first('"iss":"https://evil.example.test"')),
  rawClaims(first('"sub":"somebody"')),
  rawClaims(first('"aud":"another"')),
  rawClaims(first('"exp":1')),
  rawClaims(last('"x":1,"x":1')),
  rawClaims(first('"\\u0073ub":"somebody"')),
  rawClaims(first('"su\\u0062":"somebody"')),
  rawClaims(last('"x":[{"y":{"a":1,"b":2,"a":3}}]')),
];

/** Names that poison, nesting without end, numbers that are none, and things behind the value. */
export const depthAndNumbers: readonly Shape[] = [
  rawHeader(last('"__proto__":{"alg":"none"}')),
  rawClaims(last('"__proto__":{"sub":"root"}')),
  rawClaims(last('"x":{"__proto__":null}')),
  rawClaims(last('"\\u005f_proto__":1')),
  rawClaims(last(`"x":${'['.repeat(17)}${']'.repeat(17)}`)),
  rawClaims(last(`"x":${'['.repeat(4000)}${']'.repeat(4000)}`)),
  rawClaims(last(`"x":${'{"a":'.repeat(1500)}1${'}'.repeat(1500)}`)),
  rawHeader(last(`"x":${'['.repeat(17)}${']'.repeat(17)}`)),
  rawClaims((text) => text.replace(/"exp":\d+/, '"exp":1e400')),
  rawClaims((text) => text.replace(/"exp":\d+/, '"exp":0x7fffffff')),
  rawClaims((text) => text.replace(/"exp":(\d+)/, '"exp":0$1')),
  rawClaims((text) => text.replace(/"exp":(\d+)/, '"exp":+$1')),
  rawClaims((text) => text.replace(/"exp":(\d+)/, '"exp":$1.')),
  rawClaims((text) => text.replace(/"exp":\d+/, '"exp":Infinity')),
  rawClaims(last('"x":NaN')),
  rawClaims((text) => `${text},`),
  rawClaims((text) => `${text}{}`),
  rawClaims((text) => `${text}\u0000`),
  rawClaims((text) => `/**/${text}`),
  rawClaims((text) => `${text.slice(0, -1)},}`),
  rawClaims((text) => text.replaceAll('"', "'")),
  rawHeader((text) => `${text} x`),
];

const inserted = (bytes: readonly number[]) => (text: string) =>
  Buffer.concat([Buffer.from(`${text.slice(0, -1)},"x":"`), Buffer.from(bytes), Buffer.from('"}')]);

const BAD_BYTES: readonly (readonly number[])[] = [
  [0xff],
  [0x80],
  [0xc3],
  [0xc0, 0xaf],
  [0xe0, 0x80, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xe5],
];

/** Bytes that are no UTF-8, half pairs, and other encodings. */
export const utf8Faults: readonly Shape[] = [
  ...BAD_BYTES.map((bytes) => rawClaims(inserted(bytes))),
  ...BAD_BYTES.slice(0, 4).map((bytes) => rawHeader(inserted(bytes))),
  rawClaims(last('"x":"\\ud800"')),
  rawClaims(last('"x":"\\udc00\\ud800"')),
  rawClaims(last('"\\udfff":1')),
  rawHeader(last('"x":"\\udbff"')),
  rawClaims((text) => `\ufeff${text}`),
  rawHeader((text) => `\ufeff${text}`),
  rawClaims((text) => Buffer.from(text, 'utf16le')),
  rawHeader((text) => Buffer.from(text, 'utf16le')),
];

const filled = (length: number): Shape => rawClaims(last(`"x":"${'x'.repeat(length)}"`));

/** More than 16 KiB, made up in several ways. */
export const oversize: readonly Shape[] = [
  filled(12_300),
  filled(20_000),
  filled(45_000),
  rawHeader(last(`"x":"${'x'.repeat(12_300)}"`)),
  rawClaims(last(`"roles":[${Array.from({ length: 10_000 }, () => '"a"').join()}]`)),
  rawClaims((text) => last(Array.from({ length: 3000 }, (_each, index) => `"c${index}":1`).join())(text)),
  (template) => `${signed(template)}${'A'.repeat(16_384)}`,
  (template) => `${'A'.repeat(16_384)}${signed(template)}`,
  () => 'A'.repeat(16_385),
  () => `${'A'.repeat(8000)}.${'A'.repeat(8000)}.${'A'.repeat(8000)}`,
  () => 'A.'.repeat(10_000),
];
