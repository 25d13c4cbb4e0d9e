import { isJsonObject } from '../../oauth/objects.ts';
import { hasSchemeWord } from '../scheme-word.ts';
import { unknownMembers } from '../settings/option-names.ts';
import { AcquireError } from './acquire-error.ts';
import type { UserToken } from './requests.ts';

/** Names of members, as `unknownMembers` takes them. */
type Members = Readonly<Record<string, true>>;

const COMMON = { provider: true, target: true, fresh: true, signal: true } as const;
const NARROWED = { ...COMMON, resource: true, authorizationDetails: true } as const;
const OF_USER = { ...COMMON, user: true } as const;

/** What a request for the application itself may hold: only Maskinporten narrows. */
export function machineMembers(provider: unknown): Members {
  return provider === 'maskinporten' ? NARROWED : COMMON;
}

/** Throws AcquireError `request` for what no compiler has kept from being asked for: without it, each way would fail in its own words. */
export function checkRequest(request: unknown, as: 'machine' | 'user'): void {
  const given = isJsonObject(request) ? request : {};
  const { provider, target, resource, signal } = given;
  if (typeof provider !== 'string') {
    throw new AcquireError('request', 'the request names no `provider`: entra_id, maskinporten or tokenx');
  }
  if (typeof target !== 'string' || target === '') {
    throw new AcquireError(
      'request',
      'the request names no `target`, which is a text; several scopes stand in one, with spaces',
    );
  }
  // A narrowing that has no effect gives a token for more than was meant.
  const [unknown] = unknownMembers(given, as === 'user' ? OF_USER : machineMembers(provider));
  if (unknown !== undefined) throw new AcquireError('request', unknown);
  if (resource !== undefined && typeof resource !== 'string')
    throw new AcquireError('request', '`resource` has to be a text');
  if (signal !== undefined && !isSignal(signal)) throw new AcquireError('request', '`signal` has to be an AbortSignal');
}

/** By its shape: test environments bring signals of their own. */
function isSignal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
}

/**
 * The token of the user a request is for. Throws AcquireError `request` where there is none: whoever is not checked by a compiler hands
 * over the principal of a route that nothing protected, or the outcome that a principal is in.
 */
export function userTokenOf(user: UserToken | undefined): string {
  const handle: unknown = isHandle(user) ? user : isJsonObject(user) ? user['token'] : undefined;
  const text = isHandle(handle) ? handle.reveal() : user;
  if (typeof text === 'string' && hasSchemeWord(text)) {
    throw new AcquireError('request', 'the token of the user begins with `Bearer`: hand over what follows it');
  }
  if (typeof text === 'string' && text !== '') return text;
  throw new AcquireError(
    'request',
    'the token of the user is missing: `user` is a principal, its token, or the text of one',
  );
}

function isHandle(value: unknown): value is { reveal(): unknown } {
  return typeof value === 'object' && value !== null && 'reveal' in value && typeof value.reveal === 'function';
}
