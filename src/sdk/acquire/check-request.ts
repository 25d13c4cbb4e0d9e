import { isJsonObject } from '../../oauth/objects.ts';
import { AcquireError } from './acquire-error.ts';
import type { UserToken } from './requests.ts';

/** Throws AcquireError `request` for what no compiler has kept from being asked for: without it, each way would fail in its own words. */
export function checkRequest(request: unknown): void {
  const { provider, target }: Record<string, unknown> = isJsonObject(request) ? request : {};
  if (typeof provider !== 'string') {
    throw new AcquireError('request', 'the request names no `provider`: entra_id, maskinporten or tokenx');
  }
  if (typeof target !== 'string' || target === '') {
    throw new AcquireError(
      'request',
      'the request names no `target`, which is a text; several scopes stand in one, with spaces',
    );
  }
}

/**
 * The token of the user a request is for. Throws AcquireError `request` where there is none: whoever is not checked by a compiler hands
 * over the principal of a route that nothing protected, or the outcome that a principal is in.
 */
export function userTokenOf(user: UserToken | undefined): string {
  const handle: unknown = isHandle(user) ? user : isJsonObject(user) ? user['token'] : undefined;
  const text = isHandle(handle) ? handle.reveal() : user;
  if (typeof text === 'string' && text !== '') return text;
  throw new AcquireError(
    'request',
    'the token of the user is missing: `user` is a principal, its token, or the text of one',
  );
}

function isHandle(value: unknown): value is { reveal(): unknown } {
  return typeof value === 'object' && value !== null && 'reveal' in value && typeof value.reveal === 'function';
}
