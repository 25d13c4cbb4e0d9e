import { REDACTED, scrubText } from './scrub.ts';
import { Secret } from './secret.ts';

/** Names of fields that hold secrets or say who a person is, without case and separators. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'code',
  'authorizationcode',
  'pid',
  'nonce',
  'jwk',
  'privatejwk',
  'apikey',
  'kek',
  'otp',
  'passphrase',
  'requestbody',
  'querystring',
  'givenname',
  'familyname',
  'fullname',
  'email',
  'birthdate',
  'phonenumber',
]);
const SECRET_ENDINGS =
  /(?:token|assertion|cookie|secret|password|authorization|verifier|ticket|proof|privatekey|datakey|cookieheader|tokenhint)s?$/;
/** Private members of a JWK. */
const PRIVATE_MEMBERS: ReadonlySet<string> = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']);
/** Such a `code` of an error names the fault: ECONNREFUSED, invalid_grant. */
const FAULT_CODE = /^(?:[A-Z][A-Z0-9_]{2,60}|[a-z]{2,20}(?:_[a-z]{2,20}){0,5})$/;

const MAX_DEPTH = 6;
const MAX_VALUES = 500;
const MAX_NAME = 128;
/** Names that are remembered. */
const MAX_NAMES = 1000;

/** A field of a log line or audit record, as JSON can hold it. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/** How deep a value lies in its event, and how many more values that event may have. */
interface Place {
  readonly depth: number;
  readonly room: { left: number };
  readonly names: NameMemo;
}

/** A name as it is shown, and whether what it stands for is hidden. */
interface JudgedName {
  readonly shown: string;
  readonly isSecret: boolean;
}

/** Names that were judged before: the same few stand in every event. */
type NameMemo = Map<string, JudgedName>;

/**
 * A copy of these fields that may be logged: secrets are gone, whether their type, their name or their look gives them
 * away. At most six deep, 500 values and 4096 characters a text; never throws.
 */
export function redactFields(fields: object): Record<string, Plain> {
  return members(fields, { depth: 0, room: { left: MAX_VALUES }, names: new Map() });
}

/** {@link redactFields} for whoever has many events to tell: names are judged once. */
export function createRedactor(): typeof redactFields {
  const names: NameMemo = new Map();
  return (fields) => members(fields, { depth: 0, room: { left: MAX_VALUES }, names });
}

/** True when a field of this name is not to be logged unless it is a number, a boolean or absent. */
function isSecretName(name: string): boolean {
  const folded = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return SECRET_NAMES.has(folded) || SECRET_ENDINGS.test(folded);
}

function judged(name: string, names: NameMemo): JudgedName {
  const judgement = { shown: scrubText(name.slice(0, MAX_NAME)), isSecret: isSecretName(name) };
  if (name.length <= MAX_NAME && names.size < MAX_NAMES) names.set(name, judgement);
  return judgement;
}

function members(fields: object, place: Place): Record<string, Plain> {
  const isJwk = 'kty' in fields;
  const result: [string, Plain][] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') continue;
    if (place.room.left <= 0) break;
    const { shown, isSecret } = place.names.get(name) ?? judged(name, place.names);
    const hidden = isSecret || (isJwk && PRIVATE_MEMBERS.has(name));
    result.push([shown, hidden ? hide(value) : plain(value, place)]);
  }
  return Object.fromEntries(result);
}

/** A number or yes/no under a secret's name (a status code, a count) tells nothing, unless it looks like a person's number. */
function hide(value: unknown): Plain {
  if (value === null || typeof value === 'boolean') return value;
  return typeof value === 'number' ? number(value) : REDACTED;
}

function plain(value: unknown, place: Place): Plain {
  place.room.left -= 1;
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return number(value);
  if (typeof value === 'bigint') return scrubText(String(value));
  if (typeof value !== 'object') return null;
  if (place.depth >= MAX_DEPTH || place.room.left <= 0) return '[more]';
  try {
    return object(value, { ...place, depth: place.depth + 1 });
  } catch {
    // A getter or proxy that throws must not stop the event it belongs to.
    return '[unreadable]';
  }
}

/** What is whole and has at most nine digits is no person's number, and most numbers are. */
const MAX_SMALL = 999_999_999;

function number(value: number): Plain {
  if (Number.isInteger(value) && value >= 0 && value <= MAX_SMALL) return value;
  const text = String(value);
  return Number.isFinite(value) && scrubText(text.padStart(11, '0')) !== REDACTED ? value : scrubText(text);
}

function object(value: object, place: Place): Plain {
  if (value instanceof Secret) return REDACTED;
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (value instanceof URL) return scrubText(value.href);
  if (value instanceof Error) return fault(value, place);
  if (value instanceof Map) return members(Object.fromEntries(value), place);
  if (value instanceof Set || Array.isArray(value)) {
    return [...value].slice(0, place.room.left).map((item) => plain(item, place));
  }
  return members(value, place);
}

function fault(error: Error, place: Place): Plain {
  const own = Object.entries(error).filter(([name]) => name !== 'cause' && name !== 'name');
  const code = 'code' in error && typeof error.code === 'string' && FAULT_CODE.test(error.code) && { code: error.code };
  return {
    type: scrubText(error.name),
    message: scrubText(error.message),
    ...members(Object.fromEntries(own), place),
    ...code,
    ...(error.stack !== undefined && { stack: scrubText(error.stack) }),
    ...(error.cause !== undefined && { cause: plain(error.cause, place) }),
  };
}
