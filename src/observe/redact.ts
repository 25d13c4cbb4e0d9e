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
const MAX_MEMBERS = 100;
const MAX_NAME = 128;

/** A field of a log line or audit record, as JSON can hold it. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/**
 * A copy of these fields that may be logged: secrets are gone, whether their type, their name or their look gives them
 * away. Bounded in depth, members and length; never throws.
 */
export function redactFields(fields: object): Record<string, Plain> {
  return members(fields, 0);
}

/** True when a field of this name is not to be logged unless it is a number, a boolean or absent. */
function isSecretName(name: string): boolean {
  const folded = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return SECRET_NAMES.has(folded) || SECRET_ENDINGS.test(folded);
}

function members(fields: object, depth: number): Record<string, Plain> {
  const isJwk = 'kty' in fields;
  const result: [string, Plain][] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') continue;
    if (result.length === MAX_MEMBERS) break;
    const hidden = isSecretName(name) || (isJwk && PRIVATE_MEMBERS.has(name));
    result.push([scrubText(name.slice(0, MAX_NAME)), hidden ? hide(name, value) : plain(value, depth + 1)]);
  }
  return Object.fromEntries(result);
}

/** A number or yes/no under a secret's name (a status code, a count) tells nothing; an identity number would. */
function hide(name: string, value: unknown): Plain {
  if (value === null || typeof value === 'boolean') return value;
  return typeof value === 'number' && name.toLowerCase() !== 'pid' ? value : REDACTED;
}

function plain(value: unknown, depth: number): Plain {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'object') return object(value, depth);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  return typeof value === 'bigint' ? scrubText(String(value)) : null;
}

function object(value: object, depth: number): Plain {
  if (value instanceof Secret) return REDACTED;
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (value instanceof URL) return scrubText(value.href);
  if (depth > MAX_DEPTH) return '[too deep]';
  if (value instanceof Error) return fault(value, depth);
  if (Array.isArray(value)) return value.slice(0, MAX_MEMBERS).map((item) => plain(item, depth + 1));
  if (value instanceof Map) return members(Object.fromEntries(value), depth);
  if (value instanceof Set) return plain([...value], depth);
  return members(value, depth);
}

function fault(error: Error, depth: number): Plain {
  const own = Object.fromEntries(Object.entries(error).filter(([name]) => name !== 'cause'));
  const code =
    'code' in error && typeof error.code === 'string' && FAULT_CODE.test(error.code) ? error.code : undefined;
  return {
    type: error.name,
    message: scrubText(error.message),
    ...members(own, depth),
    ...(code !== undefined && { code }),
    ...(error.stack !== undefined && { stack: scrubText(error.stack) }),
    ...(error.cause !== undefined && { cause: plain(error.cause, depth + 1) }),
  };
}
