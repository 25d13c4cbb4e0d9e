/** Headers on their way to the application and back. Pure. */
import { nameOfSetCookie, withoutCookies } from '../../web/cookies.ts';
import { foldHeaderName, headerPairs, isHeaderName, isHeaderValue } from '../../web/headers.ts';

const OWNED: ReadonlySet<string> = new Set([
  'authorization',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'forwarded',
  'x-real-ip',
  'x-request-id',
  'x-correlation-id',
]);
const OWNED_PREFIXES: readonly string[] = ['x-wonderwall-', 'x-fullmakt-', 'x-forwarded-'];

/** Whether a header is ours to set: whatever its spelling, a client's own never reaches the application. */
function isOwnedHeader(name: string): boolean {
  const folded = foldHeaderName(name);
  return OWNED.has(folded) || OWNED_PREFIXES.some((prefix) => folded.startsWith(prefix));
}

/** Whether every header is one that can be passed on: names are tokens, values hold no control byte. */
export function areHeadersPlain(raw: readonly string[]): boolean {
  return headerPairs(raw).every(([name, value]) => isHeaderName(name) && isHeaderValue(value));
}

/** The client's headers without owned ones and without our cookies; names and values in turn. */
export function strippedHeaders(raw: readonly string[], isOwnCookie: (name: string) => boolean): readonly string[] {
  return headerPairs(raw).flatMap(([name, value]) => {
    if (isOwnedHeader(name)) return [];
    if (name.toLowerCase() !== 'cookie') return [name, value];
    const kept = withoutCookies(value, isOwnCookie);
    return kept === undefined ? [] : [name, kept];
  });
}

/** What we tell the application about a request. */
export interface SetHeaders {
  readonly authorization: string | undefined;
  readonly idToken: string | undefined;
  readonly forwardedHost: string;
  readonly forwardedProto: 'http' | 'https';
  readonly forwardedFor: string;
  readonly correlationId: string;
}

/** Our own headers, as names and values in turn. */
export function ownHeaders(set: SetHeaders): readonly string[] {
  const pairs: readonly (readonly [string, string | undefined])[] = [
    ['Authorization', set.authorization],
    ['X-Wonderwall-Id-Token', set.idToken],
    ['X-Forwarded-Host', set.forwardedHost],
    ['X-Forwarded-Proto', set.forwardedProto],
    ['X-Forwarded-For', set.forwardedFor],
    ['X-Request-Id', set.correlationId],
    ['X-Correlation-ID', set.correlationId],
  ];
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
}

/** The application's answer headers: none of our cookies, and private when a session was used and it did not say. */
export function answerHeaders(
  raw: readonly string[],
  rules: { readonly isOwnCookie: (name: string) => boolean; readonly sessionUsed: boolean },
): readonly string[] {
  const isKept = ([name, value]: readonly [string, string]): boolean => {
    const lower = name.toLowerCase();
    // An empty Cache-Control says nothing, and would keep ours from being said.
    return lower === 'set-cookie'
      ? !rules.isOwnCookie(nameOfSetCookie(value))
      : lower !== 'cache-control' || value.trim() !== '';
  };
  const pairs = headerPairs(raw).filter(isKept);
  const saysCaching = pairs.some(([name]) => name.toLowerCase() === 'cache-control');
  const added = rules.sessionUsed && !saysCaching ? ['Cache-Control', 'private'] : [];
  return [...pairs.flat(), ...added];
}
