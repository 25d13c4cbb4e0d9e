import { readIssuersVariable } from './issuers-variable.ts';
import type { IssuersVariable } from './issuers-variable.ts';
import type { IssuerConfig, Options } from './options.ts';
import { SDK_VARIABLES } from './provider-variables.ts';
import type { Variables } from './provider-variables.ts';
import { readVariable, refusedUrls } from './variables.ts';

type Env = NonNullable<Options['env']>;

const SUFFIXES: readonly string[] = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];

const WITHOUT_SCOPE = 'is configured, whose tokens are refused without the option maskinporten: { requiredScope }';

/** Whether anything says that tokens of this provider are to be judged; keys of nobody count, and are found lacking. */
export function isOn(env: Env, { issuer, wellKnownUrl, jwksUri }: Variables): boolean {
  return [issuer, wellKnownUrl, jwksUri].some((name) => readVariable(env, name) !== undefined);
}

/** The configured issuer, or the well-known URL without its suffix; Maskinporten's ends in a slash (providers.md 1.1). */
export function issuerOf(env: Env, variables: Variables): string | undefined {
  const issuer = readVariable(env, variables.issuer);
  const url = readVariable(env, variables.wellKnownUrl);
  if (issuer !== undefined || url === undefined) return issuer;
  const suffix = SUFFIXES.find((end) => url.endsWith(end));
  if (suffix === undefined) return undefined;
  return url.slice(0, -suffix.length) + (variables.provider === 'maskinporten' ? '/' : '');
}

/** What judging tokens of a provider that is on lacks; each with its alternatives. */
export function missingOf(env: Env, variables: Variables): readonly string[] {
  const missing: string[] = [];
  if (issuerOf(env, variables) === undefined) {
    const hasUrl = readVariable(env, variables.wellKnownUrl) !== undefined;
    missing.push(hasUrl ? variables.issuer : `${variables.issuer} or ${variables.wellKnownUrl}`);
  }
  if (readVariable(env, variables.jwksUri) === undefined && readVariable(env, variables.wellKnownUrl) === undefined) {
    missing.push(`${variables.jwksUri} or ${variables.wellKnownUrl}`);
  }
  if (variables.audience !== undefined && readVariable(env, variables.audience) === undefined)
    missing.push(variables.audience);
  return missing;
}

/** Each names its variable, and never the value, which may hold a password. */
function malformedOf(env: Env, variables: Variables): readonly string[] {
  const { issuer, jwksUri, wellKnownUrl, audience } = variables;
  const isSpaced = /\s/.test(readVariable(env, audience) ?? '');
  return [
    ...refusedUrls(env, [issuer, jwksUri, wellKnownUrl]),
    ...(isSpaced ? [`${audience} has white space in it`] : []),
  ];
}

function configOf(env: Env, variables: Variables, maskinporten: Options['maskinporten']): IssuerConfig | undefined {
  const issuer = issuerOf(env, variables);
  const jwksUri = readVariable(env, variables.jwksUri);
  const wellKnownUrl = readVariable(env, variables.wellKnownUrl);
  const audience = readVariable(env, variables.audience);
  const keys = jwksUri !== undefined ? { jwksUri } : wellKnownUrl !== undefined ? { wellKnownUrl } : undefined;
  if (issuer === undefined || keys === undefined) return undefined;
  const { provider } = variables;
  if (audience !== undefined) return { provider, issuer, keys, audience: [audience] };
  if (variables.audience !== undefined || maskinporten === undefined) return undefined;
  return { provider, issuer, keys, audience: { audienceNotIssued: true, requiredScope: maskinporten.requiredScope } };
}

/** What the environment says of issuers. */
interface NamedIssuers {
  readonly issuers: readonly IssuerConfig[];
  /** Those whose tokens are refused all the same, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
  readonly findings: readonly string[];
}

/** The issuers the environment names, and everything it lacks. Maskinporten counts only when a scope is required. */
export function issuersFromEnv(env: Env, maskinporten: Options['maskinporten']): NamedIssuers {
  const findings: string[] = [];
  const leftOut = new Map<string, string>();
  const listed = readIssuersVariable(readVariable(env, 'FULLMAKT_ISSUERS'), findings);
  const issuers: IssuerConfig[] = [...listed.issuers];
  for (const variables of SDK_VARIABLES) {
    if (!isOn(env, variables)) continue;
    if (variables.audience === undefined && maskinporten === undefined) {
      // Who only asks for such tokens has these variables too: it is no fault, but whoever sends one is told why it is refused.
      leftOut.set(issuerOf(env, variables) ?? '', `${variables.provider} ${WITHOUT_SCOPE}`);
      continue;
    }
    const missing = missingOf(env, variables);
    findings.push(...missing.map((name) => `${name} is missing, and ${variables.provider} is configured otherwise`));
    const malformed = malformedOf(env, variables);
    findings.push(...malformed);
    if (malformed.length > 0) continue;
    const config = configOf(env, variables, maskinporten);
    if (config !== undefined) issuers.push(withAlgorithms(config, listed));
  }
  if (issuers.length === 0 && findings.length === 0) findings.push(nothingConfigured(env, maskinporten !== undefined));
  return { issuers, leftOut, findings };
}

/** What an issuer that the environment names is called in findings: by its variable where the provider has none of its own. */
export function labelInEnv({ provider }: IssuerConfig): string {
  return provider.startsWith('oidc:') ? `FULLMAKT_ISSUERS: ${provider.slice('oidc:'.length)}` : provider;
}

function withAlgorithms(config: IssuerConfig, { algorithms }: IssuersVariable): IssuerConfig {
  const named = algorithms.get(config.provider);
  return named === undefined ? config : { ...config, algorithms: named };
}

function nothingConfigured(env: Env, withMaskinporten: boolean): string {
  const optional = SDK_VARIABLES.find((variables) => variables.audience === undefined && isOn(env, variables));
  if (optional !== undefined && !withMaskinporten) {
    return `only ${optional.provider} ${WITHOUT_SCOPE}`;
  }
  const names = SDK_VARIABLES.filter(({ audience }) => audience !== undefined || withMaskinporten);
  const wanted = names.map(({ issuer }) => issuer).join(', ');
  return `no issuer is configured: none of ${wanted} is set (nor their _WELL_KNOWN_URL), nor FULLMAKT_ISSUERS`;
}
