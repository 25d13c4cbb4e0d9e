import { isUtf8 } from 'node:buffer';
import { isJsonObject } from './objects.ts';

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
  const text = typeof input === 'string' ? input : decodeUtf8(input);
  const members = countMembers(text);
  const value = parse(text);
  // JSON.parse keeps the last of two members with one name: fewer members in the tree than in the text says so.
  if (checkTree(value) !== members) throw new StrictJsonError('repeated member name');
  return value;
}

function decodeUtf8(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new StrictJsonError('not valid UTF-8');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
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
function countMembers(text: string): number {
  let members = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COLON) members += 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth > MAX_DEPTH) throw new StrictJsonError('nested too deeply');
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
  }
  return members;
}

/** Where the string that opens at `start` closes. Searching for quotes leaps over what is most of a token: text in strings. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}

/** Counts the members of the tree and refuses names and strings that are not safe to pass on. Depth is bounded by now. */
function checkTree(value: unknown): number {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new StrictJsonError('lone surrogate');
    return 0;
  }
  if (Array.isArray(value)) return value.reduce((sum: number, item: unknown) => sum + checkTree(item), 0);
  if (!isJsonObject(value)) return 0;
  const names = Object.keys(value);
  let members = names.length;
  for (const name of names) {
    if (name === '__proto__') throw new StrictJsonError('member name refused');
    if (!name.isWellFormed()) throw new StrictJsonError('lone surrogate');
    members += checkTree(value[name]);
  }
  return members;
}
