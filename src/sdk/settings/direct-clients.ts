import { importSigningKey } from '../../oauth/jwk.ts';
import type { SigningKey } from '../../oauth/jwk.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import type { ConfiguredEndpoints } from '../../oauth/token-endpoint/endpoints.ts';
import { issuerOf } from './environment.ts';
import { SDK_VARIABLES } from './provider-variables.ts';
import type { Variables } from './provider-variables.ts';
import type { Provider } from '../principal.ts';
import type { Options } from './options.ts';
import { readVariable, refusedUrls } from './variables.ts';

type Env = NonNullable<Options['env']>;

/** The application's own client at a provider. */
export interface DirectClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly key: SigningKey;
  readonly endpoints: ConfiguredEndpoints;
}

/** A provider that tokens can be asked of directly, or what keeps them from that. */
export interface DirectProvider {
  readonly provider: Provider;
  readonly client: DirectClient | undefined;
  /** Each names its variable. */
  readonly findings: readonly string[];
  /** Whether anything says that tokens are to be asked of it. */
  readonly isMeant: boolean;
}

/** Every provider that gives tokens to applications, as far as the environment names the application's client there. */
export function readDirectProviders(env: Env): readonly DirectProvider[] {
  return SDK_VARIABLES.flatMap((variables) => {
    if (variables.direct === undefined) return [];
    const { issuer, wellKnownUrl, direct } = variables;
    const urls = refusedUrls(env, [issuer, wellKnownUrl, direct.tokenEndpoint]);
    const findings = [...missing(env, variables), ...urls];
    const key = readKey(env, direct.privateJwk, findings);
    const client = findings.length === 0 ? clientOf(env, variables, key) : undefined;
    return [{ provider: variables.provider, client, findings, isMeant: isMeant(env, variables) }];
  });
}

/** Where a provider's tokens are only judged, nothing of a client is set; a client id that is the audience too is always set. */
function isMeant(env: Env, { clientId, direct, issuer, wellKnownUrl, audience }: Variables): boolean {
  const signs = [clientId, direct?.privateJwk, direct?.tokenEndpoint];
  const all = audience === clientId ? [...signs, issuer, wellKnownUrl] : signs;
  return all.some((name) => readVariable(env, name) !== undefined);
}

function missing(env: Env, variables: Variables): readonly string[] {
  const { provider, direct, clientId, wellKnownUrl, issuer } = variables;
  const found: string[] = [];
  const because = `is missing, without which ${provider} cannot be asked for tokens directly`;
  if (readVariable(env, clientId) === undefined) found.push(`${clientId} ${because}`);
  if (readVariable(env, direct?.privateJwk) === undefined) found.push(`${direct?.privateJwk} ${because}`);
  if (issuerOf(env, variables) === undefined) found.push(`${issuer} or ${wellKnownUrl} ${because}`);
  const places = [direct?.tokenEndpoint, wellKnownUrl];
  if (places.every((name) => readVariable(env, name) === undefined)) found.push(`${places.join(' or ')} ${because}`);
  return found;
}

function readKey(env: Env, name: string, findings: string[]): SigningKey | undefined {
  const text = readVariable(env, name);
  if (text === undefined) return undefined;
  try {
    return importSigningKey(parseStrictJson(text));
  } catch {
    // The cause may quote the value, and the value is a private key: only the variable is named.
    findings.push(`${name} is not a private JWK with kid (RSA or EC)`);
    return undefined;
  }
}

function clientOf(env: Env, variables: Variables, key: SigningKey | undefined): DirectClient | undefined {
  const issuer = issuerOf(env, variables);
  const clientId = readVariable(env, variables.clientId);
  if (issuer === undefined || clientId === undefined || key === undefined) return undefined;
  const wellKnownUrl = readVariable(env, variables.wellKnownUrl);
  const tokenEndpoint = readVariable(env, variables.direct?.tokenEndpoint);
  return { issuer, clientId, key, endpoints: { wellKnownUrl, tokenEndpoint } };
}
