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
  const known = Object.keys(NAMES);
  return Object.keys(options)
    .filter((name) => !known.includes(name))
    .map((name) => `${name} is not an option; there are ${known.join(', ')}`);
}
