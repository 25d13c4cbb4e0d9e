/** Headers on their way to the application and back. Pure. */
import { nameOfSetCookie, withoutCookies } from '../../web/cookies.ts';
import { foldHeaderName, isHeaderName, isHeaderValue } from '../../web/headers.ts';

const OWNED: ReadonlySet<string> = new Set([
  'authorization',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'forwarded',
  'x-forwarded',
  // As `HTTP_PROXY` in the environment of a CGI program, it would choose where that program's own calls go.
  'proxy',
  'x-real-ip',
  'x-request-id',
  'x-correlation-id',
]);
/** Bounds of what is remembered of names that clients choose. */
const MAX_REMEMBERED = 500;
const MAX_REMEMBERED_CHARACTERS = 100;
const OWNED_PREFIXES: readonly string[] = ['x-wonderwall-', 'x-fullmakt-', 'x-forwarded-'];

/** Whether a header is ours to set: whatever its spelling, a client's own never reaches the application. */
function isOwnedHeader(name: string): boolean {
  const folded = foldHeaderName(name);
  return OWNED.has(folded) || OWNED_PREFIXES.some((prefix) => folded.startsWith(prefix));
}

/** Remembers the answers for the texts it has seen, as long as they are few and short. */
function remembered<T>(judge: (text: string) => T): (text: string) => T {
  const answers = new Map<string, T>();
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = judge(text);
    if (answers.size < MAX_REMEMBERED && text.length <= MAX_REMEMBERED_CHARACTERS) answers.set(text, answer);
    return answer;
  };
}

type HeaderUse = 'malformed' | 'owned' | 'cookie' | 'kept';

function useOf(name: string): HeaderUse {
  if (!isHeaderName(name)) return 'malformed';
  if (isOwnedHeader(name)) return 'owned';
  return name.toLowerCase() === 'cookie' ? 'cookie' : 'kept';
}

/**
 * Makes the function that cleans a client's headers (names and values in turn): without owned ones and without our
 * cookies. It answers undefined when one of them cannot be passed on: a name that is no token, a control byte in a value.
 */
export function createHeaderCleaner(
  isOwnCookie: (name: string) => boolean,
): (raw: readonly string[]) => readonly string[] | undefined {
  const use = remembered(useOf);
  const isOurs = remembered(isOwnCookie);
  return (raw) => {
    const kept: string[] = [];
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = raw[at] ?? '';
      const value = raw[at + 1] ?? '';
      const found = use(name);
      if (found === 'malformed' || !isHeaderValue(value)) return undefined;
      const passed = found === 'cookie' ? withoutCookies(value, isOurs) : value;
      if (found !== 'owned' && passed !== undefined) kept.push(name, passed);
    }
    return kept;
  };
}

/** The client's headers without owned ones and without our cookies; names and values in turn. */
export function strippedHeaders(raw: readonly string[], isOwnCookie: (name: string) => boolean): readonly string[] {
  return createHeaderCleaner(isOwnCookie)(raw) ?? [];
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
  const kept: string[] = [];
  let saysCaching = false;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const value = raw[at + 1] ?? '';
    if (isNamed(name, 'set-cookie') && rules.isOwnCookie(nameOfSetCookie(value))) continue;
    if (isNamed(name, 'cache-control')) {
      // An empty Cache-Control says nothing, and would keep ours from being said.
      if (value.trim() === '') continue;
      saysCaching = true;
    }
    kept.push(name, value);
  }
  if (rules.sessionUsed && !saysCaching) kept.push('Cache-Control', 'private');
  return kept;
}

function isNamed(name: string, lower: string): boolean {
  return name.length === lower.length && name.toLowerCase() === lower;
}
