import { isAlgorithm } from '../../oauth/algorithms.ts';
import { parseJwks } from '../../oauth/jwks.ts';
import { parseLocalIssuers } from '../../oauth/local-issuers.ts';
import { parseAnyAll } from '../guards/any-all.ts';
import { ConfigError } from '../config-error.ts';
import { checkIssuerUrls } from './options.ts';
import type { IssuerConfig, Options } from './options.ts';
import { isProvider } from '../principal.ts';
import { readVariable } from './variables.ts';

const ALWAYS_WITH_AUDIENCE: ReadonlySet<string> = new Set(['entra_id', 'tokenx', 'idporten']);

function checkAudience({ audience, provider }: IssuerConfig, label: string): readonly string[] {
  if (audience === undefined || audience === null || typeof audience !== 'object') {
    return [`${label}: audience is missing; it has no default`];
  }
  if ('audienceNotIssued' in audience) {
    if (ALWAYS_WITH_AUDIENCE.has(provider))
      return [`${label}: its tokens have an audience, so a list of ours is needed`];
    if (audience.requiredScope === undefined) return [`${label}: without audience a requiredScope is needed`];
    try {
      parseAnyAll(audience.requiredScope, `${label}: requiredScope`);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.findings;
      throw error;
    }
  }
  const usable = audience.length > 0 && audience.every((text) => typeof text === 'string' && text !== '');
  return usable ? [] : [`${label}: the audience list is empty or has an empty entry`];
}

function checkProvider({ provider }: IssuerConfig): readonly string[] {
  return isProvider(provider) ? [] : [`${String(provider)} is not a provider`];
}

/** Keys given by hand: a bad one is a fault of the configuration, not something to be skipped. */
function checkKeys({ keys }: IssuerConfig, label: string): readonly string[] {
  if (typeof keys !== 'object' || keys === null) return [`${label}: keys is missing`];
  if (!('jwks' in keys)) {
    const hasUrl = 'jwksUri' in keys || 'wellKnownUrl' in keys;
    return hasUrl ? [] : [`${label}: keys needs jwksUri, wellKnownUrl or jwks`];
  }
  try {
    const parsed = parseJwks(keys.jwks);
    if (parsed.keys.length === 0) return [`${label}: keys.jwks has no usable key`, ...parsed.skipped];
    return parsed.skipped.map((reason) => `${label}: keys.jwks: ${reason}`);
  } catch {
    return [`${label}: keys.jwks is not a JWK Set`];
  }
}

function checkAlgorithms({ algorithms }: IssuerConfig, label: string): readonly string[] {
  if (algorithms === undefined || (algorithms.length > 0 && algorithms.every(isAlgorithm))) return [];
  return [`${label}: algorithms has a name that is not known`];
}

function isHost(text: string): boolean {
  return /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])$/.test(text);
}

/** What is no host name would allow nothing, and whoever wrote it meant something. */
function checkLocalHosts(env: NonNullable<Options['env']>): readonly string[] {
  const name = 'FULLMAKT_ALLOW_LOCAL_PROVIDERS';
  const { hosts } = parseLocalIssuers(readVariable(env, name));
  return hosts.every(isHost) ? [] : [`${name} has to be true, false or host names separated by commas`];
}

/** Everything wrong with a list of issuers; callers without types are caught here too. `labelOf` says where one came from. */
export function checkIssuers(
  configs: readonly IssuerConfig[],
  env: NonNullable<Options['env']>,
  labelOf: (config: IssuerConfig) => string = ({ provider }) => provider,
): readonly string[] {
  const findings = configs.flatMap((config) => {
    const label = labelOf(config);
    return [
      ...checkProvider(config),
      ...checkKeys(config, label),
      ...checkAudience(config, label),
      ...checkAlgorithms(config, label),
      ...checkIssuerUrls(config, env, label),
    ];
  });
  findings.push(...checkLocalHosts(env));
  const seen = new Map<string, string>();
  for (const { issuer, provider } of configs) {
    const other = seen.get(issuer);
    if (other !== undefined) findings.push(`${other} and ${provider} have the same issuer`);
    seen.set(issuer, provider);
  }
  return findings;
}
