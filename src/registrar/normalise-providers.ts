import type { AppSpec, ExposedScope, LoginSpec } from '../registry/model.ts';
import { isGroupId } from './fields/azure.ts';
import type { RawAzureApplication } from './fields/azure.ts';
import type { RawExposed } from './fields/maskinporten.ts';
import type { RawSpec } from './fields/spec.ts';
import { present } from './normalising.ts';
import type { Normalising } from './normalising.ts';
import { complainAt } from './reading.ts';

const GROUPS = 'spec.azure.application.claims.groups';
const EXPOSES = 'spec.maskinporten.scopes.exposes';
const HOUR_SECONDS = 3600;
const SESSION_SECONDS = 2 * HOUR_SECONDS;
/** A session behind a login lasts six hours, and its tokens must be renewable that long. */
const LOGIN_SESSION_SECONDS = 6 * HOUR_SECONDS;
const DEFAULT_SCOPE_LIFETIME_SECONDS = 30;

/** The Entra application; an Entra login implies it. */
export function normaliseAzure(from: Normalising, login: LoginSpec | undefined): AppSpec['azure'] {
  const application: RawAzureApplication = from.raw.azure?.application ?? {};
  const isLogin = login?.provider === 'azure';
  if (application.enabled !== true && !isLogin) return undefined;
  const { tenant, singlePageApplication } = application;
  const { entraTenants } = from.options;
  if (tenant !== undefined && entraTenants.length > 0 && !entraTenants.includes(tenant)) {
    const message = `expected one of ${entraTenants.join(', ')}`;
    complainAt(from.reading, 'spec.azure.application.tenant', { type: 'Error', code: 'invalid-value', message });
  }
  if (singlePageApplication === true && isLogin) {
    const message = 'a single-page application has no login of ours';
    const path = 'spec.azure.application.singlePageApplication';
    complainAt(from.reading, path, { type: 'Error', code: 'conflict', message });
  }
  return {
    ...present({ tenant }),
    allowAllUsers: application.allowAllUsers ?? false,
    groups: groupIds(application, from),
    replyUrls: application.replyURLs ?? [],
  };
}

function groupIds(application: RawAzureApplication, { reading, envelope }: Normalising): readonly string[] {
  const ids: string[] = [];
  for (const [index, { id }] of (application.claims?.groups ?? []).entries()) {
    if (id !== undefined && isGroupId(id)) ids.push(id.toLowerCase());
    else {
      const type = envelope.flavour === 'fullmakt' ? 'Error' : 'Warning';
      const message = 'expected the id of a group, a UUID';
      complainAt(reading, `${GROUPS}[${index}].id`, { type, code: 'invalid-value', message });
    }
  }
  return [...new Set(ids)];
}

/** The ID-porten client; an ID-porten login implies it. */
export function normaliseIdporten(raw: RawSpec, login: LoginSpec | undefined): AppSpec['idporten'] {
  const written = raw.idporten ?? {};
  const isLogin = login?.provider === 'idporten';
  if (written.enabled !== true && !isLogin) return undefined;
  return {
    accessTokenLifetime: written.accessTokenLifetime ?? HOUR_SECONDS,
    sessionLifetime: written.sessionLifetime ?? (isLogin ? LOGIN_SESSION_SECONDS : SESSION_SECONDS),
    scopes: written.scopes ?? ['openid', 'profile'],
    ssoDisabled: written.ssoDisabled ?? false,
    postLogoutRedirectUris: written.postLogoutRedirectURIs ?? [],
    integrationType: written.integrationType ?? 'idporten',
    ...present({ clientUri: written.clientURI }),
  };
}

/** The TokenX client. */
export function normaliseTokenx({ raw: { tokenx }, reading }: Normalising): AppSpec['tokenx'] {
  if (tokenx?.enabled !== true) return undefined;
  const { dpop, ...token } = tokenx.token ?? {};
  const { subjectIssuers, grantTypes, defaultAudience, resources } = tokenx;
  if (dpop === 'required') {
    const message = 'tokens cannot be bound to a key yet';
    complainAt(reading, 'spec.tokenx.token.dpop', { type: 'Error', code: 'invalid-value', message });
  }
  if (defaultAudience !== undefined && grantTypes?.includes('client_credentials') !== true) {
    const message = 'has no effect unless grantTypes has client_credentials';
    complainAt(reading, 'spec.tokenx.defaultAudience', { type: 'Warning', code: 'ignored-field', message });
  }
  return {
    token,
    ...present({ subjectIssuers, grantTypes: grantTypes && [...new Set(grantTypes)], defaultAudience, resources }),
  };
}

/** The Maskinporten client with the full names of what it exposes. */
export function normaliseMaskinporten(from: Normalising, namespace: string): AppSpec['maskinporten'] {
  const { maskinporten } = from.raw;
  if (maskinporten?.enabled !== true) return undefined;
  const consumes = (maskinporten.scopes?.consumes ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]));
  const prefix = from.options.prefixOf(namespace);
  const written = maskinporten.scopes?.exposes ?? [];
  for (const [index, scope] of written.entries()) checkExposed(from, scope, `${EXPOSES}[${index}]`);
  const exposes = written.flatMap((scope) => exposedScope(scope, prefix));
  if (consumes.length + exposes.length === 0) {
    const message = 'a Maskinporten client needs a scope that it consumes or exposes';
    complainAt(from.reading, 'spec.maskinporten.scopes', { type: 'Error', code: 'missing-field', message });
  }
  for (const [index, { name }] of exposes.entries()) {
    if (exposes.findIndex((other) => other.name === name) === index) continue;
    const path = `${EXPOSES}[${index}]`;
    complainAt(from.reading, path, { type: 'Error', code: 'conflict', message: `${name} is exposed twice` });
  }
  return { consumes, exposes };
}

/** What only several members together, or an empty list, can get wrong. */
function checkExposed({ reading }: Normalising, raw: RawExposed, path: string): void {
  if (raw.allowedIntegrations?.length === 0) {
    const message = 'expected at least one kind of client';
    complainAt(reading, `${path}.allowedIntegrations`, { type: 'Error', code: 'invalid-value', message });
  }
  if (raw.delegationSource === undefined || separatorOf(raw) === '/') return;
  const message = 'only a scope whose separator is / can be delegated';
  complainAt(reading, `${path}.delegationSource`, { type: 'Error', code: 'conflict', message });
}

function separatorOf({ separator, name = '' }: RawExposed): string {
  return separator ?? (name.includes('/') ? '/' : ':');
}

function exposedScope(raw: RawExposed, prefix: string): readonly ExposedScope[] {
  const { enabled, product, name } = raw;
  if (enabled === undefined || product === undefined || name === undefined) return [];
  return [
    {
      name: `${prefix}:${product}${separatorOf(raw)}${name}`,
      enabled,
      atMaxAge: raw.atMaxAge ?? DEFAULT_SCOPE_LIFETIME_SECONDS,
      consumers: (raw.consumers ?? []).flatMap(({ orgno }) => (orgno === undefined ? [] : [orgno])),
      accessibleForAll: raw.accessibleForAll ?? false,
      allowedIntegrations: raw.allowedIntegrations ?? ['maskinporten'],
      ...present({ delegationSource: raw.delegationSource }),
    },
  ];
}
