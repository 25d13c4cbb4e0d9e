import { isUtf8 } from 'node:buffer';
import { hasEscapedName, readNames } from './escaped-names.ts';

const MAX_DEPTH = 16;
const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Text that two careful readers could understand differently, or that is no JSON at all. */
export class StrictJsonError extends Error {
  override readonly name: string = 'StrictJsonError';
}

/**
 * Reads JSON (RFC 8259) that can be understood in one way only. Bytes must be valid UTF-8.
 * Throws StrictJsonError on a syntax fault, a byte order mark, anything after the value, more than 16 levels, and at any level
 * on a repeated member name, the name `__proto__` or a lone surrogate.
 */
export function parseStrictJson(input: string | Uint8Array): unknown {
  const bytes = toBuffer(input);
  if (!isUtf8(bytes)) throw new StrictJsonError('not valid UTF-8');
  const members = countMembers(bytes);
  const text = bytes.toString('utf8');
  const plain = parse(text);
  // UTF-8 holds no lone surrogates: only an escape can bring one.
  const escaped = bytes.includes(BACKSLASH);
  const value = escaped && hasEscapedName(text) ? readNames(text) : plain;
  // JSON.parse keeps the last of two members with one name: fewer members in the tree than in the text says so.
  if (countTree(value, escaped) !== members) throw new StrictJsonError('repeated member name');
  return value;
}

function toBuffer(input: string | Uint8Array): Buffer {
  if (typeof input !== 'string') {
    return Buffer.isBuffer(input) ? input : Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  }
  if (!input.isWellFormed()) throw new StrictJsonError('lone surrogate');
  return Buffer.from(input, 'utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The cause quotes the text, which may be a token: it is dropped on purpose.
    throw new StrictJsonError('not valid JSON');
  }
}

/** Counts the members written in the text and refuses too deep a nesting. Only meaningful when the text is valid JSON. */
function countMembers(bytes: Uint8Array): number {
  const end = bytes.length;
  let members = 0;
  let depth = 0;
  for (let at = 0; at < end; at += 1) {
    const code = bytes[at];
    if (code === QUOTE) {
      // One loop in the other, and no function for it: most of a token is text in strings, and this runs for every token.
      for (at += 1; at < end && bytes[at] !== QUOTE; at += 1) if (bytes[at] === BACKSLASH) at += 1;
    } else if (code === COLON) members += 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth > MAX_DEPTH) throw new StrictJsonError('nested too deeply');
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
  }
  return members;
}

/** Counts the members of the tree and refuses names and strings that are not safe to pass on. Depth is bounded by now. */
function countTree(value: unknown, escaped: boolean): number {
  if (typeof value === 'string') {
    if (escaped) checkText(value);
    return 0;
  }
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) return countItems(value, escaped);
  const names = Object.keys(value);
  let members = names.length;
  for (const name of names) {
    if (name === '__proto__') throw new StrictJsonError('member name refused');
    if (escaped) checkText(name);
  }
  for (const item of Object.values(value)) {
    // Most members are plain, and this runs for every token.
    if (escaped || (typeof item === 'object' && item !== null)) members += countTree(item, escaped);
  }
  return members;
}

function countItems(items: readonly unknown[], escaped: boolean): number {
  let members = 0;
  for (const item of items) members += countTree(item, escaped);
  return members;
}

function checkText(text: string): void {
  if (!text.isWellFormed()) throw new StrictJsonError('lone surrogate');
}
