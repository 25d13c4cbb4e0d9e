import { ALL_ALGORITHMS, isAlgorithm } from '../../oauth/algorithms.ts';
import { parseJwks } from '../../oauth/jwks.ts';
import { parseLocalIssuers } from '../../oauth/local-issuers.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { parseAnyAll } from '../guards/any-all.ts';
import { ConfigError } from '../config-error.ts';
import { unknownMembers } from './option-names.ts';
import { checkIssuerUrls } from './options.ts';
import type { IssuerConfig, Options } from './options.ts';
import { isProvider } from '../principal.ts';
import { readVariable } from './variables.ts';

const ALWAYS_WITH_AUDIENCE: ReadonlySet<string> = new Set(['entra_id', 'tokenx', 'idporten']);

const MEMBERS: Readonly<Record<keyof IssuerConfig, true>> = {
  provider: true,
  issuer: true,
  keys: true,
  audience: true,
  algorithms: true,
  kind: true,
};
const PLACES_OF_KEYS = ['jwksUri', 'wellKnownUrl', 'jwks'] as const;

/** What passes for a list of issuers where no compiler looked; what is wrong with it is added to `findings`. */
export function readableIssuers(given: unknown, findings: string[]): readonly IssuerConfig[] {
  if (!Array.isArray(given)) {
    findings.push('create: issuers has to be a list, as [{ provider, issuer, keys, audience }]');
    return [];
  }
  const configs = given.filter(isEntry);
  if (given.length === 0) findings.push('no issuer is given');
  if (configs.length !== given.length) findings.push('create: every issuer has to be an object');
  return configs;
}

/** Of the kind that is judged member by member below. */
function isEntry(value: unknown): value is IssuerConfig {
  return isJsonObject(value);
}

function checkKind({ kind, provider }: IssuerConfig, label: string): readonly string[] {
  if (kind === undefined) return [];
  if (kind !== 'user' && kind !== 'machine') return [`${label}: kind has to be user or machine`];
  if (!isProvider(provider) || provider.startsWith('oidc:')) return [];
  return [`${label}: kind is for generic issuers; requireUser and requireMachine narrow the others`];
}

function checkAudience({ audience, provider }: IssuerConfig, label: string): readonly string[] {
  if (audience === undefined || audience === null) return [`${label}: audience is missing; it has no default`];
  const isOneOfTwo = typeof audience === 'object' && (Array.isArray(audience) || 'audienceNotIssued' in audience);
  if (!isOneOfTwo) return [`${label}: audience has to be a list, as ['my-client-id']`];
  if ('audienceNotIssued' in audience) {
    const said: unknown = audience.audienceNotIssued;
    if (said !== true) return [`${label}: audienceNotIssued can only be true; else audience is a list of ours`];
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
  if (isProvider(provider)) return [];
  return [`${String(provider)} is not a provider: entra_id, tokenx, idporten, maskinporten or oidc:<name>`];
}

/** Keys given by hand: a bad one is a fault of the configuration, not something to be skipped. */
function checkKeys({ keys }: IssuerConfig, label: string): readonly string[] {
  if (typeof keys !== 'object' || keys === null) return [`${label}: keys is missing`];
  const places = PLACES_OF_KEYS.filter((name) => name in keys);
  if (places.length > 1) return [`${label}: keys names more than one of ${PLACES_OF_KEYS.join(', ')}`];
  if (!('jwks' in keys)) return places.length === 1 ? [] : [`${label}: keys needs jwksUri, wellKnownUrl or jwks`];
  try {
    const parsed = parseJwks(keys.jwks);
    if (parsed.keys.length === 0) return [`${label}: keys.jwks has no usable key`, ...parsed.skipped];
    return parsed.skipped.map((reason) => `${label}: keys.jwks: ${reason}`);
  } catch {
    return [`${label}: keys.jwks is not a JWK Set`];
  }
}

function checkAlgorithms({ algorithms }: IssuerConfig, label: string): readonly string[] {
  if (algorithms === undefined) return [];
  if (Array.isArray(algorithms) && algorithms.length > 0 && algorithms.every(isAlgorithm)) return [];
  return [`${label}: algorithms has to be a list of ${ALL_ALGORITHMS.join(', ')}`];
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
      ...unknownMembers(config, MEMBERS).map((finding) => `${label}: ${finding}`),
      ...checkKind(config, label),
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
