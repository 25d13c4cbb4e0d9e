/** What an `Authorization` header holds. */
export type Bearer =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' };

const SCHEME = 'bearer';
const NONE: Bearer = { kind: 'none' };
const MALFORMED: Bearer = { kind: 'malformed' };

/**
 * Reads a bearer token (RFC 6750 section 2.1). `none`: no header, or another scheme. `malformed`: several headers, or a bearer
 * scheme without exactly one token of the allowed characters. The token itself is not judged.
 */
export function readBearer(authorization: string | readonly string[] | undefined): Bearer {
  if (authorization === undefined) return NONE;
  if (typeof authorization === 'string') return readHeader(authorization);
  const [only, ...others] = authorization;
  if (only === undefined) return NONE;
  return others.length === 0 ? readHeader(only) : MALFORMED;
}

function readHeader(header: string): Bearer {
  if (header.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return NONE;
  let start = SCHEME.length;
  if (start === header.length) return MALFORMED;
  // A longer scheme name that begins the same way is another scheme.
  if (header[start] !== ' ') return isTokenCharacter(header.charCodeAt(start)) ? NONE : MALFORMED;
  while (header[start] === ' ') start += 1;
  const token = header.slice(start);
  return isB64Token(token) ? { kind: 'token', token } : MALFORMED;
}

/** RFC 6750 section 2.1, `b64token`: one or more token characters, then only `=`. */
function isB64Token(text: string): boolean {
  let end = text.length;
  while (end > 0 && text[end - 1] === '=') end -= 1;
  for (let at = 0; at < end; at += 1) {
    if (!isTokenCharacter(text.charCodeAt(at))) return false;
  }
  return end > 0;
}

/** Letters, digits and `-._~+/`. */
function isTokenCharacter(code: number): boolean {
  if (code >= 0x30 && code <= 0x39) return true;
  const lower = code | 0x20;
  if (code >= 0x41 && lower >= 0x61 && lower <= 0x7a) return true;
  return code === 0x2d || code === 0x2e || code === 0x5f || code === 0x7e || code === 0x2b || code === 0x2f;
}
