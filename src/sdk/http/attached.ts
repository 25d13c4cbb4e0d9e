import type { AuthError } from '../auth-error.ts';
import { ConfigError } from '../config-error.ts';
import type { RequestLike } from './authenticate.ts';
import type { Fullmakt } from '../fullmakt.ts';
import type { Guard } from '../guards/guard.ts';
import type { Principal } from '../principal.ts';
import type { Result } from '../result.ts';

const ATTACHED: unique symbol = Symbol('fullmakt.principal');

interface Attached {
  readonly auth: Fullmakt;
  readonly principal: Principal;
}

function isAttached(value: unknown): value is Attached {
  return typeof value === 'object' && value !== null && 'auth' in value && 'principal' in value;
}

/**
 * Who called, as the guard's type, from what an adapter left on a request under a symbol nobody else can name. Throws
 * ConfigError where nothing protected the request, AuthError where this guard refuses.
 */
export function attachedPrincipal<T extends Principal>(carrier: object, guard: Guard<T>): T {
  const found: unknown = Reflect.get(carrier, ATTACHED);
  if (!isAttached(found)) throw new ConfigError(['principalOf: nothing protected this request']);
  // By way of `auth`, which knows whether reasons may be told: what is thrown here is often sent.
  const outcome = found.auth.authorize(found.principal, guard);
  if (!outcome.ok) throw outcome.error;
  return outcome.principal;
}

/**
 * Authenticates a request once: a nested guard of the same `auth` judges the principal that is already there. `carrier`
 * is the framework's own object for the request.
 */
export async function authenticateOnce<T extends Principal>(
  carrier: object,
  request: RequestLike,
  { auth, guard }: { readonly auth: Fullmakt; readonly guard: Guard<T> },
): Promise<Result<{ readonly principal: T }, AuthError>> {
  const found: unknown = Reflect.get(carrier, ATTACHED);
  if (isAttached(found) && found.auth === auth) return auth.authorize(found.principal, guard);
  const outcome = await auth.authenticate(request, guard);
  if (outcome.ok) {
    const value: Attached = { auth, principal: outcome.principal };
    // Not enumerable: who prints or copies a request does not get the claims of a person with it.
    Reflect.defineProperty(carrier, ATTACHED, { value, configurable: true });
  }
  return outcome;
}
