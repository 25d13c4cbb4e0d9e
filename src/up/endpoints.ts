import { fetchMetadata } from '../oauth/metadata.ts';
import type { Fetch } from '../oauth/fetch.ts';
import type { UpConfig } from './settings.ts';

/** Where one provider is, as its clients have to know it. */
export interface ProviderEndpoints {
  readonly issuer: string;
  readonly wellKnownUrl: string;
  readonly jwksUri: string;
  readonly tokenEndpoint: string;
  /** Ours on this machine, or the one that a setting names. */
  readonly local: boolean;
}

/** Every provider that apps of this `up` talk to. */
export interface Endpoints {
  readonly idporten: ProviderEndpoints;
  readonly entra: ProviderEndpoints;
  readonly maskinporten: ProviderEndpoints;
  readonly tokenx: ProviderEndpoints;
}

/** Ports of the local services (before the offset). */
export const PORTS = {
  control: 7400,
  idporten: 7410,
  idportenLogin: 7411,
  entraHttp: 7420,
  entra: 7421,
  graph: 7422,
  maskinporten: 7430,
  tokenx: 7440,
  openid: 7450,
  oidfBasic: 7461,
  oidfFapi2: 7462,
  oidfCc: 7463,
} as const;

/** The tenant that local Entra ID starts with. */
export const LOCAL_TENANT = '00000000-0000-4000-8000-00000000f001';

/** Local providers by their ports, real ones by their metadata. Rejects when a named provider cannot be read. */
export async function resolveEndpoints(config: UpConfig, fetch: Fetch): Promise<Endpoints> {
  const at = (port: number): string => `localhost:${port + config.portOffset}`;
  const [idporten, entra, maskinporten] = await Promise.all([
    discover(config.idportenWellKnownUrl, fetch) ?? localIdporten(`http://${at(PORTS.idporten)}`),
    discover(config.entraWellKnownUrl, fetch) ?? localEntra(`https://${at(PORTS.entra)}`),
    discover(config.maskinportenWellKnownUrl, fetch) ?? localMaskinporten(`http://${at(PORTS.maskinporten)}/`),
  ]);
  return { idporten, entra, maskinporten, tokenx: tokenx(`http://${at(PORTS.tokenx)}`) };
}

function discover(url: string | undefined, fetch: Fetch): Promise<ProviderEndpoints> | undefined {
  return url === undefined ? undefined : readMetadata(url, fetch);
}

async function readMetadata(wellKnownUrl: string, fetch: Fetch): Promise<ProviderEndpoints> {
  const { issuer, jwks_uri: jwksUri, token_endpoint: tokenEndpoint } = await fetchMetadata(wellKnownUrl, { fetch });
  if (jwksUri === undefined || tokenEndpoint === undefined) {
    throw new Error(`the metadata at ${wellKnownUrl} names no jwks_uri or no token_endpoint`);
  }
  return { issuer, wellKnownUrl, jwksUri, tokenEndpoint, local: false };
}

function localIdporten(issuer: string): ProviderEndpoints {
  return {
    issuer,
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    jwksUri: `${issuer}/jwks.json`,
    tokenEndpoint: `${issuer}/token`,
    local: true,
  };
}

function localEntra(origin: string): ProviderEndpoints {
  const tenant = `${origin}/${LOCAL_TENANT}`;
  return {
    issuer: `${tenant}/v2.0`,
    wellKnownUrl: `${tenant}/v2.0/.well-known/openid-configuration`,
    jwksUri: `${tenant}/discovery/v2.0/keys`,
    tokenEndpoint: `${tenant}/oauth2/v2.0/token`,
    local: true,
  };
}

/** Maskinporten's issuer ends in a slash; the metadata is the OAuth one only. */
function localMaskinporten(issuer: string): ProviderEndpoints {
  return {
    issuer,
    wellKnownUrl: `${issuer}.well-known/oauth-authorization-server`,
    jwksUri: `${issuer}jwk`,
    tokenEndpoint: `${issuer}token`,
    local: true,
  };
}

function tokenx(issuer: string): ProviderEndpoints {
  return {
    issuer,
    wellKnownUrl: `${issuer}/.well-known/oauth-authorization-server`,
    jwksUri: `${issuer}/jwks`,
    tokenEndpoint: `${issuer}/token`,
    local: true,
  };
}
