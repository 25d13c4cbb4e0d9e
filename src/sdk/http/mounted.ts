import { ConfigError } from '../config-error.ts';
import type { Fullmakt } from '../fullmakt.ts';
import type { Guard } from '../guards/guard.ts';
import { isJsonObject } from '../../oauth/objects.ts';

/** Throws ConfigError for what no compiler has kept from being given instead of `fromEnv()`. */
export function checkAuth(auth: unknown): void {
  if (isJsonObject(auth) && typeof auth['checkGuard'] === 'function') return;
  throw new ConfigError(['auth is missing: it is what fromEnv() or create() gives, and comes before the guard']);
}

/** What every adapter asks when a guard is mounted. Throws ConfigError when it cannot work. */
export function checkMounted(auth: Fullmakt, guard: Guard): void {
  checkAuth(auth);
  auth.checkGuard(guard);
}
