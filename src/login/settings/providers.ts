/** The providers of an instance: their settings read, judged, and turned into configuration. Pure. */
import { importSigningKey } from '../../oauth/jwk.ts';
import type { LocalIssuers } from '../../oauth/local-issuers.ts';
import { issuerUrlProblem } from '../../oauth/local-issuers.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import type { ClientCredential } from '../../providers/client-authentication.ts';
import { PROVIDER_KINDS } from '../../providers/kinds.ts';
import { normaliseLevel } from '../../providers/levels.ts';
import type { ProviderConfig } from '../configuration.ts';
import type { ClientSettings } from './client.ts';
import { variableOf } from './kinds.ts';
import type { NamedProvider } from './provider-names.ts';

/** One provider with those of its settings that could be read. */
export interface ReadProvider {
  readonly named: NamedProvider;
  readonly settings: Partial<ClientSettings>;
  /** Members that are set to something unusable, which is a problem already. */
  readonly wrong: ReadonlySet<string>;
}

/** Nothing is proved: where others speak with the provider, no client of ours is needed. */
const NO_CREDENTIAL: ClientCredential = { kind: 'secret', secret: '', method: 'auto' };

function credentialOf({ named, settings }: ReadProvider, problems: string[]): ClientCredential | undefined {
  const { openidClientJwk: jwk, openidClientSecret: secret } = settings;
  const variable = variableOf(`${named.prefix}.client-jwk`);
  if (jwk !== undefined) {
    const assertionType = settings.openidNewClientAuthJwtType === true ? 'client-authentication+jwt' : 'JWT';
    try {
      return { kind: 'key', key: importSigningKey(parseStrictJson(jwk)), assertionType };
    } catch {
      problems.push(`${variable} is not usable: expected a private JWK with kid`);
      return undefined;
    }
  }
  if (secret !== undefined) return { kind: 'secret', secret, method: settings.openidClientAuthMethod ?? 'auto' };
  problems.push(`${variable} or ${variableOf(`${named.prefix}.client-secret`)} has to be set`);
  return undefined;
}

/** Addresses that nobody may point at this machine by mistake. */
function judgeAddresses({ named, settings }: ReadProvider, local: LocalIssuers, problems: string[]): void {
  const addresses = {
    'well-known-url': settings.openidWellKnownUrl,
    issuer: settings.openidIssuer,
    'jwks-uri': settings.openidJwksUri,
    'token-endpoint': settings.openidTokenEndpoint,
  };
  for (const [name, address] of Object.entries(addresses)) {
    const refused = address === undefined ? undefined : issuerUrlProblem(address, local);
    if (refused !== undefined) problems.push(`${variableOf(`${named.prefix}.${name}`)}: ${address} ${refused}`);
  }
}

function judgeRequired({ named, settings, wrong }: ReadProvider, problems: string[]): void {
  const required = { 'client-id': 'openidClientId', 'well-known-url': 'openidWellKnownUrl' } as const;
  for (const [key, member] of Object.entries(required))
    if (settings[member] === undefined && !wrong.has(member))
      problems.push(`${variableOf(`${named.prefix}.${key}`)} is not set: ${named.name} needs it`);
}

/** What the providers of an instance are judged by. */
export interface ProviderDemands {
  readonly local: LocalIssuers;
  /** False where another instance speaks with the provider: then only what sessions must be is needed. */
  readonly isClient: boolean;
}

/** Everything that is wrong with one provider, and what it shows us with if that is usable. */
export function judgeProvider(
  provider: ReadProvider,
  { local, isClient }: ProviderDemands,
): { readonly credential: ClientCredential | undefined; readonly problems: readonly string[] } {
  const problems: string[] = [];
  judgeAddresses(provider, local, problems);
  if (!isClient) return { credential: NO_CREDENTIAL, problems };
  judgeRequired(provider, problems);
  return { credential: credentialOf(provider, problems), problems };
}

/** The configuration of a provider that was found good. */
export function providerConfig(
  named: NamedProvider,
  settings: ClientSettings,
  credential: ClientCredential,
): ProviderConfig {
  const kind = PROVIDER_KINDS[named.kind];
  const level = settings.openidAcrValues?.split(/\s+/)[0] ?? kind.defaultLevel;
  const clientId = settings.openidClientId ?? '';
  return {
    name: named.name,
    isDefault: named.prefix === 'openid',
    kind,
    clientId,
    credential,
    wellKnownUrl: settings.openidWellKnownUrl ?? '',
    issuer: settings.openidIssuer,
    endpoints: { jwksUri: settings.openidJwksUri, tokenEndpoint: settings.openidTokenEndpoint },
    tenants: settings.openidTenants,
    level: level === undefined ? undefined : normaliseLevel(level),
    locale: settings.openidUiLocales?.split(/\s+/)[0] ?? kind.defaultLocale,
    scopes: [...new Set([...kind.scopes(clientId), ...settings.openidScopes])],
    resource: settings.openidResourceIndicator,
    audiences: settings.openidAudiences,
    jwksFallbackAlg: settings.openidJwksFallbackAlg,
    domainHint: settings.openidDomainHint,
    userinfo: settings.openidUserinfo,
    postLogoutRedirectUri: settings.openidPostLogoutRedirectUri,
  };
}
