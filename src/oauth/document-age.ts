/** One directive of Cache-Control: a token, and a value that is a token or a quoted string (RFC 9111 5.2). */
const DIRECTIVE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:=(?:"([^"\\]*)"|([^\s",;=]+)))?$/;

/**
 * For how many seconds an answer says that it may be kept: the shortest `max-age` of its Cache-Control, 0 with `no-store` or
 * `no-cache` or a `max-age` that is no number (RFC 9111 4.2.1, 5.2.2). Undefined where it says nothing.
 */
export function readMaxAge(cacheControl: string | null): number | undefined {
  let shortest: number | undefined;
  for (const part of (cacheControl ?? '').split(',')) {
    const [, name = '', quoted, plain] = DIRECTIVE.exec(part.trim()) ?? [];
    const seconds = secondsOf(name.toLowerCase(), quoted ?? plain);
    if (seconds !== undefined) shortest = Math.min(seconds, shortest ?? seconds);
  }
  return shortest;
}

function secondsOf(name: string, value: string | undefined): number | undefined {
  if (name === 'no-store' || name === 'no-cache') return 0;
  if (name !== 'max-age') return undefined;
  return /^\d+$/.test(value ?? '') ? Number(value) : 0;
}
