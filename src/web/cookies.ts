import { isHeaderName } from './headers.ts';

/** How a cookie is set (RFC 6265 4.1). */
export interface CookieAttributes {
  readonly path: string;
  readonly domain?: string;
  /** Seconds to live; without it the cookie ends with the browser. */
  readonly maxAgeSeconds?: number;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  readonly sameSite: 'Lax' | 'Strict' | 'None';
}

/** All values of each cookie in a `Cookie` header, raw and in order: two of one name are for the caller to judge. */
export function parseCookies(header: string | undefined): ReadonlyMap<string, readonly string[]> {
  const cookies = new Map<string, string[]>();
  for (const pair of pairsOf(header)) {
    const values = cookies.get(pair.name);
    if (values === undefined) cookies.set(pair.name, [pair.value]);
    else values.push(pair.value);
  }
  return cookies;
}

/** A `Set-Cookie` value. Throws when a part of it could not stand in one, or a name prefix demands what is not there. */
export function setCookie(name: string, value: string, attributes: CookieAttributes): string {
  if (!isHeaderName(name) || !/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(value))
    throw new Error('cookie name or value holds a character that cookies cannot carry');
  if (!isAttributeText(attributes.path) || !isAttributeText(attributes.domain ?? ''))
    throw new Error('cookie path or domain holds a character that cookies cannot carry');
  if (!fitsPrefix(name, attributes)) throw new Error('cookie does not keep the promise of its name prefix');
  const parts = [`${name}=${value}`, `Path=${attributes.path}`];
  if (attributes.domain !== undefined) parts.push(`Domain=${attributes.domain}`);
  if (attributes.maxAgeSeconds !== undefined) parts.push(`Max-Age=${Math.floor(attributes.maxAgeSeconds)}`);
  if (attributes.httpOnly) parts.push('HttpOnly');
  if (attributes.secure) parts.push('Secure');
  parts.push(`SameSite=${attributes.sameSite}`);
  return parts.join('; ');
}

/** A `Set-Cookie` value that removes a cookie; path, domain and prefix have to be those it was set with. */
export function clearCookie(name: string, attributes: CookieAttributes): string {
  return `${setCookie(name, '', { ...attributes, maxAgeSeconds: 0 })}; Expires=Thu, 01 Jan 1970 00:00:00 GMT`;
}

/** A `Cookie` header without the cookies that are ours, or nothing when none is left; the others keep their bytes. */
export function withoutCookies(header: string, isOurs: (name: string) => boolean): string | undefined {
  const kept = pairsOf(header).filter((pair) => !isOurs(pair.name));
  return kept.length === 0 ? undefined : kept.map((pair) => pair.text).join('; ');
}

/**
 * The name under which a browser sends back what a `Set-Cookie` value sets. A cookie without a name comes back as its bare
 * value, which then looks like a name.
 */
export function nameOfSetCookie(value: string): string {
  return (/^[\s=]*([^;=]*)/.exec(value)?.[1] ?? '').trimEnd();
}

interface Pair {
  readonly name: string;
  readonly value: string;
  readonly text: string;
}

function pairsOf(header: string | undefined): readonly Pair[] {
  if (header === undefined || header === '') return [];
  return header
    .split(';')
    .map(pairOf)
    .filter((pair) => pair.text !== '');
}

/**
 * Without the blanks and tabs around it (RFC 6265 5.2), and nothing else: a name in any other white space is another name to browsers,
 * which let whole domains set it whatever prefix comes after that.
 */
function unpadded(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

function pairOf(text: string): Pair {
  const trimmed = unpadded(text);
  const equals = trimmed.indexOf('=');
  // Browsers send a cookie without a name as its bare value.
  if (equals === -1) return { name: '', value: trimmed, text: trimmed };
  return { name: unpadded(trimmed.slice(0, equals)), value: unpadded(trimmed.slice(equals + 1)), text: trimmed };
}

function isAttributeText(text: string): boolean {
  return /^[\x20-\x3a\x3c-\x7e]*$/.test(text);
}

function fitsPrefix(name: string, attributes: CookieAttributes): boolean {
  const lower = name.toLowerCase();
  if (lower.startsWith('__host-'))
    return attributes.secure && attributes.path === '/' && attributes.domain === undefined;
  return !lower.startsWith('__secure-') || attributes.secure;
}
