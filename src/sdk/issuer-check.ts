import { isAlgorithm } from '../oauth/algorithms.ts';
import { parseAnyAll } from './any-all.ts';
import { ConfigError } from './config-error.ts';
import { checkIssuerUrls } from './options.ts';
import type { IssuerConfig, Options } from './options.ts';

function checkAudience({ audience, provider }: IssuerConfig): readonly string[] {
  if (audience === undefined || audience === null || typeof audience !== 'object') {
    return [`${provider}: audience is missing; it has no default`];
  }
  if ('audienceNotIssued' in audience) {
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

function checkAlgorithms({ algorithms, provider }: IssuerConfig): readonly string[] {
  if (algorithms === undefined || (algorithms.length > 0 && algorithms.every(isAlgorithm))) return [];
  return [`${provider}: algorithms has a name that is not known`];
}

/** Everything wrong with a list of issuers; callers without types are caught here too. */
export function checkIssuers(configs: readonly IssuerConfig[], env: NonNullable<Options['env']>): readonly string[] {
  const findings = configs.flatMap((config) => [
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
