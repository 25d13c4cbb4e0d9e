import { isAlgorithm } from '../../oauth/algorithms.ts';
import { parseJwks } from '../../oauth/jwks.ts';
import { parseAnyAll } from '../guards/any-all.ts';
import { ConfigError } from '../config-error.ts';
import { checkIssuerUrls } from './options.ts';
import type { IssuerConfig, Options } from './options.ts';
import { isProvider } from '../principal.ts';

const ALWAYS_WITH_AUDIENCE: ReadonlySet<string> = new Set(['entra_id', 'tokenx', 'idporten']);

function checkAudience({ audience, provider }: IssuerConfig): readonly string[] {
  if (audience === undefined || audience === null || typeof audience !== 'object') {
    return [`${provider}: audience is missing; it has no default`];
  }
  if ('audienceNotIssued' in audience) {
    if (ALWAYS_WITH_AUDIENCE.has(provider))
      return [`${provider}: its tokens have an audience, so a list of ours is needed`];
    if (audience.requiredScope === undefined) return [`${provider}: without audience a requiredScope is needed`];
    try {
      parseAnyAll(audience.requiredScope, `${provider}: requiredScope`);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.findings;
      throw error;
    }
  }
  const usable = audience.length > 0 && audience.every((text) => typeof text === 'string' && text !== '');
  return usable ? [] : [`${provider}: the audience list is empty or has an empty entry`];
}

function checkProvider({ provider }: IssuerConfig): readonly string[] {
  return isProvider(provider) ? [] : [`${String(provider)} is not a provider`];
}

/** Keys given by hand: a bad one is a fault of the configuration, not something to be skipped. */
function checkKeys({ keys, provider }: IssuerConfig): readonly string[] {
  if (typeof keys !== 'object' || keys === null) return [`${provider}: keys is missing`];
  if (!('jwks' in keys)) return [];
  try {
    const parsed = parseJwks(keys.jwks);
    if (parsed.keys.length === 0) return [`${provider}: keys.jwks has no usable key`, ...parsed.skipped];
    return parsed.skipped.map((reason) => `${provider}: keys.jwks: ${reason}`);
  } catch {
    return [`${provider}: keys.jwks is not a JWK Set`];
  }
}

function checkAlgorithms({ algorithms, provider }: IssuerConfig): readonly string[] {
  if (algorithms === undefined || (algorithms.length > 0 && algorithms.every(isAlgorithm))) return [];
  return [`${provider}: algorithms has a name that is not known`];
}

/** Everything wrong with a list of issuers; callers without types are caught here too. */
export function checkIssuers(configs: readonly IssuerConfig[], env: NonNullable<Options['env']>): readonly string[] {
  const findings = configs.flatMap((config) => [
    ...checkProvider(config),
    ...checkKeys(config),
    ...checkAudience(config),
    ...checkAlgorithms(config),
    ...checkIssuerUrls(config, env),
  ]);
  const seen = new Map<string, string>();
  for (const { issuer, provider } of configs) {
    const other = seen.get(issuer);
    if (other !== undefined) findings.push(`${other} and ${provider} have the same issuer, ${issuer}`);
    seen.set(issuer, provider);
  }
  return findings;
}
