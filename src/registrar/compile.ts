import type { AppId } from '../registry/app-id.ts';
import { splitAppId } from '../registry/app-id.ts';
import type { AppSpec, ClientProvider, Grant, MaskinportenScope, Registration } from '../registry/model.ts';
import { externalId } from './external-id.ts';
import type { AppDraft } from './manifest.ts';
import type { Organisation, Platform } from './platform.ts';

/** A client as it should be, before it has keys. */
export interface DesiredClient {
  readonly app: AppId;
  readonly provider: ClientProvider;
  readonly clientId: string;
  readonly registration: Registration;
}

/** Everything that should exist because of one app. */
export interface DesiredApp {
  readonly draft: AppDraft;
  readonly clients: readonly DesiredClient[];
  readonly grants: readonly Grant[];
  readonly scopes: readonly MaskinportenScope[];
}

/** What compiling needs of the surroundings. */
export interface CompileOptions {
  readonly platform: Pick<Platform, 'place' | 'organisationOf'>;
  readonly entraTenant: string;
}

/** Clients, grants and scopes of one app (pure; pipeline step 4). Equal input gives an equal result. */
export function compileApp(draft: AppDraft, options: CompileOptions): DesiredApp {
  const { id, spec } = draft;
  const organisation = options.platform.organisationOf(splitAppId(id).namespace);
  const { ingresses } = options.platform.place(id, spec.ingresses);
  const clients: DesiredClient[] = [];
  const add = (provider: ClientProvider, registration: Registration | undefined): void => {
    if (registration === undefined) return;
    const clientId = provider === 'tokenx' ? id : externalId(id, provider);
    clients.push({ app: id, provider, clientId, registration });
  };
  add('tokenx', spec.tokenx && { provider: 'tokenx', ...spec.tokenx });
  add('azure', spec.azure && azureRegistration(id, spec.azure, ingresses, options.entraTenant));
  add('idporten', spec.idporten && idportenRegistration(spec.idporten, ingresses, organisation));
  add('maskinporten', spec.maskinporten && maskinportenRegistration(spec.maskinporten, organisation));
  return {
    draft,
    clients,
    grants: spec.inbound.map((rule) => grantOf(id, rule)),
    scopes: scopesOf(id, spec, organisation),
  };
}

function azureRegistration(
  id: AppId,
  azure: NonNullable<AppSpec['azure']>,
  ingresses: readonly string[],
  defaultTenant: string,
): Registration {
  const { cluster, namespace, name } = splitAppId(id);
  const [first] = ingresses;
  return {
    provider: 'azure',
    tenant: azure.tenant ?? defaultTenant,
    displayName: id,
    servicePrincipalId: externalId(id, 'azure/service-principal'),
    identifierUris: [`api://${externalId(id, 'azure')}`, `api://${cluster}.${namespace}.${name}`],
    // Entra returns from logout to registered redirect URIs only, so the logout callbacks stand here too.
    redirectUris: [
      ...ingresses.map((ingress) => below(ingress, '/oauth2/callback')),
      ...ingresses.map((ingress) => below(ingress, '/oauth2/logout/callback')),
      ...azure.replyUrls,
    ],
    ...(first === undefined ? {} : { frontchannelLogoutUri: below(first, '/oauth2/logout/frontchannel') }),
    allowAllUsers: azure.allowAllUsers,
    groups: azure.groups,
    secretHashes: [],
  };
}

function idportenRegistration(
  idporten: NonNullable<AppSpec['idporten']>,
  ingresses: readonly string[],
  { orgno }: Organisation,
): Registration {
  const [first] = ingresses;
  return {
    provider: 'idporten',
    orgno,
    redirectUris: ingresses.map((ingress) => below(ingress, '/oauth2/callback')),
    postLogoutRedirectUris: [
      ...ingresses.map((ingress) => below(ingress, '/oauth2/logout/callback')),
      ...idporten.postLogoutRedirectUris,
    ],
    ...(first === undefined ? {} : { frontchannelLogoutUri: below(first, '/oauth2/logout/frontchannel') }),
    frontchannelLogoutSessionRequired: true,
    scopes: idporten.scopes,
    accessTokenLifetime: idporten.accessTokenLifetime,
    authorizationLifetime: idporten.sessionLifetime,
    refreshTokenLifetime: idporten.sessionLifetime,
    refreshTokenUsage: 'ONETIME',
    tokenEndpointAuthMethod: 'private_key_jwt',
    secretHashes: [],
    codeChallengeMethod: 'S256',
    ssoDisabled: idporten.ssoDisabled,
    grantTypes: ['authorization_code', 'refresh_token'],
  };
}

function maskinportenRegistration(
  { consumes }: NonNullable<AppSpec['maskinporten']>,
  { orgno }: Organisation,
): Registration {
  return { provider: 'maskinporten', orgno, scopes: consumes };
}

function grantOf(target: AppId, rule: AppSpec['inbound'][number]): Grant {
  const consumer = { cluster: rule.cluster, namespace: rule.namespace, name: rule.application };
  return { target, consumer, roles: rule.roles, scopes: rule.scopes, position: rule.position };
}

function scopesOf(owner: AppId, { maskinporten }: AppSpec, { orgno }: Organisation): readonly MaskinportenScope[] {
  return (maskinporten?.exposes ?? []).map((exposed) => ({ ...exposed, owner, ownerOrgno: orgno }));
}

function below(ingress: string, path: string): string {
  return `${ingress.replace(/(?<!\/)\/+$/, '')}${path}`;
}
