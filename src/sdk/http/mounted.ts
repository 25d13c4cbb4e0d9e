import { ConfigError } from '../config-error.ts';
import type { Fullmakt } from '../fullmakt.ts';
import type { Guard } from '../guards/guard.ts';
import type { AdapterOptions } from './refusal.ts';
import { isJsonObject } from '../../oauth/objects.ts';

/** Throws ConfigError for what no compiler has kept from being given instead of `fromEnv()`. */
export function checkAuth(auth: unknown): void {
  if (isJsonObject(auth) && typeof auth['checkGuard'] === 'function') return;
  throw new ConfigError(['auth is missing: it is what fromEnv() or create() gives, and comes before the guard']);
}

/** What every adapter asks when a guard is mounted. Throws ConfigError when it cannot work. */
export function checkMounted(auth: Fullmakt, guard: Guard, options: AdapterOptions): void {
  checkAuth(auth);
  auth.checkGuard(guard);
  checkAdapterOptions(options);
}

/** Throws ConfigError for options that a refusal could not be made with. */
export function checkAdapterOptions({ realm, resourceMetadata, onRefused }: AdapterOptions): void {
  const findings = Object.entries({ realm, resourceMetadata })
    .filter(([, text]) => text !== undefined && typeof text !== 'string')
    .map(([name]) => `${name} has to be a text`);
  if (onRefused !== undefined && typeof onRefused !== 'function') findings.push('onRefused has to be a function');
  if (findings.length > 0) throw new ConfigError(findings);
}

/** Throws ConfigError where what a guard protects is missing. */
export function checkHandler(handler: unknown): void {
  if (typeof handler !== 'function') throw new ConfigError(['the handler is missing: it comes after the guard']);
}
