/**
 * The name under which headers are compared when they decide anything: lower-case, every character outside [a-z0-9] as
 * `-`. Servers behind us may fold `_` and `.` themselves, so `X_Forwarded.For` has to count as `x-forwarded-for`.
 */
export function foldHeaderName(name: string): string {
  const lower = name.toLowerCase();
  return /^[a-z0-9-]*$/.test(lower) ? lower : lower.replaceAll(/[^a-z0-9]/g, '-');
}

/** Headers that belong to one connection and are never forwarded (RFC 9110 7.6.1), in lower case. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Whether a text is a header name: an RFC 9110 5.6.2 token. */
export function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

/** Whether a header value holds no control byte but TAB (RFC 9110 5.5). */
export function isHeaderValue(value: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control bytes are what is looked for
  return !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value);
}

/** Raw headers (names and values in turn) as pairs. */
export function headerPairs(raw: readonly string[]): readonly (readonly [name: string, value: string])[] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index] ?? '', raw[index + 1] ?? '']);
  return pairs;
}

/** All values of one header in the order they came; the name is compared without case. */
export function headerValues(raw: readonly string[], name: string): readonly string[] {
  const wanted = name.toLowerCase();
  const values: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const each = raw[index] ?? '';
    // Most names differ in length already: no copy of them is made to find that out.
    if (each.length === wanted.length && each.toLowerCase() === wanted) values.push(raw[index + 1] ?? '');
  }
  return values;
}

const NONE: ReadonlySet<string> = new Set();

/** The names that `Connection` declares to be for this connection only, in lower case. */
export function connectionOptions(raw: readonly string[]): ReadonlySet<string> {
  const values = headerValues(raw, 'connection');
  // What nearly every client sends names a header that is never forwarded anyway.
  if (values.length === 0 || (values.length === 1 && values[0] === 'keep-alive')) return NONE;
  return new Set(values.flatMap((value) => value.split(',').map((option) => option.trim().toLowerCase())));
}

/** Whether a header, its name in lower case, belongs to one connection. */
export function isHopByHop(lower: string): boolean {
  return HOP_BY_HOP.has(lower) || lower.startsWith('proxy-');
}

/**
 * The raw headers that may pass to the next hop: without hop-by-hop headers, `Proxy-*`, and whatever `Connection` names.
 * Call it on what the sender sent, before own headers are added: a sender can then drop only its own.
 */
export function endToEndHeaders(raw: readonly string[]): readonly string[] {
  const nominated = connectionOptions(raw);
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const lower = name.toLowerCase();
    if (!isHopByHop(lower) && !nominated.has(lower)) kept.push(name, raw[index + 1] ?? '');
  }
  return kept;
}
