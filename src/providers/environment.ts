import { importSigningKey } from '../oauth/jwk.ts';
import type { SigningKey } from '../oauth/jwk.ts';
import { POLICIES } from '../oauth/policy.ts';
import { parseStrictJson } from '../oauth/strict-json.ts';
import type { Environment } from '../settings.ts';
import { readIssuerList } from './issuer-list.ts';
import type { IssuerList } from './issuer-list.ts';
import { issuerUrlProblem, parseLocalIssuers } from '../oauth/local-issuers.ts';
import type { LocalIssuers } from '../oauth/local-issuers.ts';
import type { ProviderSettings } from './provider-settings.ts';
import { PROVIDER_VARIABLES } from './provider-variables.ts';
import type { ProviderVariables } from './provider-variables.ts';
import { isShared, sharedIssuer } from './tenant-issuer.ts';

interface Reader {
  readonly env: Environment;
  readonly local: LocalIssuers;
  readonly problems: string[];
}

/**
 * Every provider that is switched on, or all problems at once, each naming its variable. An empty value counts as
 * missing; explicit endpoints win over discovered ones.
 */
export function readProviders(
  env: Environment,
):
  | { readonly ok: true; readonly providers: ReadonlyMap<string, ProviderSettings> }
  | { readonly ok: false; readonly problems: readonly string[] } {
  const reader: Reader = { env, local: parseLocalIssuers(env['FULLMAKT_ALLOW_LOCAL_PROVIDERS']), problems: [] };
  const list = readIssuerList(env['FULLMAKT_ISSUERS'], reader);
  const providers = new Map<string, ProviderSettings>();
  for (const [name, variables] of Object.entries(PROVIDER_VARIABLES)) {
    if (!isOn(reader, variables.enabled)) continue;
    const settings = readProvider(reader, name, variables, list);
    if (settings !== undefined) providers.set(name, settings);
  }
  for (const issuer of list.issuers) providers.set(issuer.name, issuer);
  reader.problems.push(...doubleIssuers(providers));
  return reader.problems.length > 0 ? { ok: false, problems: reader.problems } : { ok: true, providers };
}

function value(reader: Reader, name: string | undefined): string | undefined {
  const text = name === undefined ? undefined : reader.env[name];
  return text === '' ? undefined : text;
}

function isOn(reader: Reader, name: string): boolean {
  const text = value(reader, name);
  if (text !== undefined && text !== 'true' && text !== 'false') {
    reader.problems.push(`${name} has to be true or false`);
  }
  return text === 'true';
}

function required(reader: Reader, name: string, why: string): string | undefined {
  const text = value(reader, name);
  if (text === undefined) reader.problems.push(`${name} is missing (${why})`);
  return text;
}

function checkedUrl(reader: Reader, name: string | undefined): string | undefined {
  const url = value(reader, name);
  const problem = url === undefined ? undefined : issuerUrlProblem(url, reader.local);
  if (problem !== undefined) reader.problems.push(`${name} ${problem}`);
  return url;
}

function readProvider(
  reader: Reader,
  name: string,
  variables: ProviderVariables,
  list: IssuerList,
): ProviderSettings | undefined {
  const why = `${variables.enabled} is true`;
  const issuer = checkedUrl(reader, variables.issuer);
  const jwksUri = checkedUrl(reader, variables.jwksUri);
  const tokenEndpoint = checkedUrl(reader, variables.tokenEndpoint);
  const wellKnownUrl = checkedUrl(reader, variables.wellKnownUrl);
  if (wellKnownUrl === undefined) reportMissingEndpoints(reader, variables);
  if (name === 'entra_id') reportSharedTenant(reader, variables);
  const usedIssuer = issuer ?? issuerOf(reader, variables, wellKnownUrl);
  const client = readClient(reader, variables, why);
  const audience = variables.audience === undefined ? undefined : required(reader, variables.audience, why);
  if (usedIssuer === undefined) return undefined;
  return {
    name,
    issuer: usedIssuer,
    ...(issuer === undefined ? { isIssuerDerived: true } : {}),
    endpoints: { wellKnownUrl, jwksUri, tokenEndpoint },
    audience: audience === undefined ? undefined : [audience],
    algorithms: list.algorithms.get(name) ?? POLICIES.texas.algorithms,
    client,
  };
}

function reportMissingEndpoints(reader: Reader, variables: ProviderVariables): void {
  const parts = [variables.issuer, variables.jwksUri, variables.tokenEndpoint].filter((part) => part !== undefined);
  const missing = parts.filter((part) => value(reader, part) === undefined);
  if (missing.length === 0) return;
  reader.problems.push(`${variables.wellKnownUrl} is missing (or set ${missing.join(', ')} instead)`);
}

/** An address for every tenant has no issuer that a token could be compared with (providers.md 2.2). */
function reportSharedTenant(reader: Reader, variables: ProviderVariables): void {
  for (const name of [variables.issuer, variables.wellKnownUrl]) {
    const url = value(reader, name);
    if (url === undefined || !(isShared(url) || isShared(sharedIssuer(`${url}/`)))) continue;
    reader.problems.push(
      `${name} is for the users of any tenant, and the sidecar serves one: give the URL of that tenant`,
    );
  }
}

/** The issuer a well-known URL belongs to: the URL without its suffix (RFC 8414 3, OpenID Discovery 4). */
function issuerOf(reader: Reader, variables: ProviderVariables, url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const suffix = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'].find((end) =>
    url.endsWith(end),
  );
  if (suffix !== undefined) return url.slice(0, -suffix.length) + (variables.issuerEndsInSlash === true ? '/' : '');
  reader.problems.push(
    `${variables.issuer} is missing (${variables.wellKnownUrl} does not show which issuer it is of)`,
  );
  return undefined;
}

function readClient(reader: Reader, variables: ProviderVariables, why: string): ProviderSettings['client'] {
  if (variables.clientId === undefined || variables.privateJwk === undefined) return undefined;
  // Where the client id is the audience too, it is reported there, once.
  const clientId =
    variables.audience === variables.clientId
      ? value(reader, variables.clientId)
      : required(reader, variables.clientId, why);
  const jwk = required(reader, variables.privateJwk, why);
  const key = jwk === undefined ? undefined : readKey(reader, variables.privateJwk, jwk);
  return key === undefined || clientId === undefined ? undefined : { clientId, key };
}

function readKey(reader: Reader, name: string, text: string): SigningKey | undefined {
  try {
    return importSigningKey(parseStrictJson(text));
  } catch {
    // The cause may quote the value, and the value is a private key: only the variable is named.
    reader.problems.push(`${name} is not a private JWK with kid (RSA or EC)`);
    return undefined;
  }
}

function doubleIssuers(providers: ReadonlyMap<string, ProviderSettings>): readonly string[] {
  const seen = new Map<string, string>();
  const problems: string[] = [];
  for (const { issuer, name } of providers.values()) {
    const other = seen.get(issuer);
    if (other !== undefined) problems.push(`${other} and ${name} have the same issuer`);
    seen.set(issuer, name);
  }
  return problems;
}
