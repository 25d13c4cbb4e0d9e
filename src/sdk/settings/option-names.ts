import { isJsonObject } from '../../oauth/objects.ts';
import { ConfigError } from '../config-error.ts';
import type { Options } from './options.ts';

/** Every member there is; `via` is of `tokensFromEnv`, and whoever keeps one object for both may hand it to both. */
const NAMES: Readonly<Record<keyof Options | 'via', true>> = {
  env: true,
  fetch: true,
  clock: true,
  maskinporten: true,
  leewaySeconds: true,
  maxLifetimeSeconds: true,
  verifiedCache: true,
  explain: true,
  telemetry: true,
  onEvent: true,
  via: true,
};

/** A finding for every member that is no option: callers without types would not learn that a misspelt one has no effect. */
export function unknownOptions(options: object): readonly string[] {
  return unknownMembers(options, NAMES, 'an option');
}

/** Throws ConfigError for what holds no options, where no compiler looked. */
export function assertOptions(options: unknown): void {
  if (isJsonObject(options)) return;
  throw new ConfigError(['options have to be an object, as { leewaySeconds: 30 }']);
}

/** A finding for every member of `given` that is not among `members`: it would have no effect, and whoever wrote it meant something. */
export function unknownMembers(
  given: object,
  members: Readonly<Record<string, true>>,
  what = 'known',
): readonly string[] {
  return Object.entries(given)
    .filter(([name, value]) => value !== undefined && !Object.hasOwn(members, name))
    .map(([name]) => `${name} is not ${what}; there are ${Object.keys(members).join(', ')}`);
}
