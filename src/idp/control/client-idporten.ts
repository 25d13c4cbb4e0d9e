import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Client, IdportenRegistration } from '../../registry/model.ts';
import { appOfAdded } from '../clients/overlay.ts';
import * as field from '../clients/fields.ts';
import { problemsOf } from '../clients/registration-problem.ts';
import type { ClientContext, ClientKind, ReadClient } from './client-kind.ts';
import { nameOfScope, scopeEntry, showScope, wishOf } from './client-scopes.ts';

const registration = z.strictObject({
  client_id: field.clientId.optional(),
  client_name: field.text.optional(),
  description: z.string().optional(),
  client_uri: z.string().optional(),
  client_orgno: field.orgno.default(field.DEFAULT_ORGNO),
  supplier_orgno: field.orgno.optional(),
  integration_type: z.enum(['idporten', 'api_klient']).optional(),
  application_type: z.enum(['web', 'browser', 'native']).optional(),
  token_endpoint_auth_method: z
    .enum(['private_key_jwt', 'client_secret_basic', 'client_secret_post', 'none'])
    .default('private_key_jwt'),
  client_secret: field.text.optional(),
  jwks: field.jwks.optional(),
  code_challenge_method: z.enum(['S256', 'none']).default('S256'),
  grant_types: z
    .array(z.enum(['authorization_code', 'refresh_token']))
    .min(1)
    .default(['authorization_code', 'refresh_token']),
  redirect_uris: field.addresses.default([]),
  post_logout_redirect_uris: field.addresses.default([]),
  frontchannel_logout_uri: field.webAddress.optional(),
  frontchannel_logout_session_required: z.boolean().default(false),
  backchannel_logout_uri: field.webAddress.optional(),
  backchannel_logout_session_required: z.boolean().default(false),
  scopes: z.array(scopeEntry).default(['openid', 'profile']),
  access_token_lifetime: field.seconds.default(120),
  authorization_lifetime: field.seconds.default(7200),
  refresh_token_lifetime: field.seconds.default(600),
  refresh_token_usage: z.enum(['ONETIME', 'REUSE']).default('ONETIME'),
  sso_disabled: z.boolean().default(false),
  onbehalfof: z.array(z.union([field.text, z.object({ onbehalfof: field.text })])).default([]),
  active: z.boolean().optional(),
  created: z.unknown().optional(),
  last_updated: z.unknown().optional(),
  source: z.unknown().optional(),
});

type Data = z.infer<typeof registration>;

/** Clients of ID-porten, with the names of Digdir's self-service. */
export const idportenClients: ClientKind = {
  idName: 'client_id',
  read,
  show: ({ row, scopes = [] }, snapshot) => {
    if (row?.registration.provider !== 'idporten') return {};
    const { registration: registered } = row;
    const brought = new Set(scopes.map(({ name }) => name));
    return {
      ...shown(registered),
      ...named(row),
      scopes: registered.scopes.map((name) =>
        brought.has(name) ? showScope(name, snapshot.scope(name), registered.orgno) : name,
      ),
    };
  },
};

function read(value: unknown, context: ClientContext): ReadClient {
  const parsed = registration.safeParse(value);
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error) };
  const { data } = parsed;
  const method = data.token_endpoint_auth_method;
  if (method === 'private_key_jwt' && data.jwks === undefined) {
    return { ok: false, problems: [{ path: 'jwks', message: 'needed by private_key_jwt' }] };
  }
  const id = data.client_id ?? randomUUID();
  const { hashes, made } = secretOf(data, context);
  const app = appOfAdded(context.persona, id, data.client_name);
  const row = {
    app,
    provider: 'idporten',
    clientId: id,
    state: data.active === false ? 'disabled' : 'ready',
    keys: data.jwks?.keys ?? [],
    registration: toRegistration(data, hashes),
  } as const;
  const { persona, source, position } = context;
  const once = made === undefined ? {} : { client_secret: made };
  // A bare name leaves a scope what it is; one that nobody describes is an ordinary one.
  const scopes = data.scopes.filter((each) => typeof each !== 'string').map(wishOf);
  return { ok: true, client: { persona, id, source, position, row, scopes }, once };
}

function secretOf(data: Data, { before }: ClientContext): { hashes: readonly string[]; made: string | undefined } {
  if (!data.token_endpoint_auth_method.startsWith('client_secret')) return { hashes: [], made: undefined };
  const old = before?.row?.registration.provider === 'idporten' ? before.row.registration.secretHashes : [];
  if (data.client_secret === undefined && old.length > 0) return { hashes: old, made: undefined };
  const secret = data.client_secret ?? field.makeSecret();
  return { hashes: [field.hashSecret(secret)], made: secret };
}

function toRegistration(data: Data, secretHashes: readonly string[]): IdportenRegistration {
  return {
    provider: 'idporten',
    orgno: data.client_orgno,
    ...(data.supplier_orgno === undefined ? {} : { supplierOrgno: data.supplier_orgno }),
    onBehalfOf: data.onbehalfof.map((each) => (typeof each === 'string' ? each : each.onbehalfof)),
    ...(data.application_type === undefined ? {} : { applicationType: data.application_type }),
    redirectUris: data.redirect_uris,
    postLogoutRedirectUris: data.post_logout_redirect_uris,
    ...(data.frontchannel_logout_uri === undefined ? {} : { frontchannelLogoutUri: data.frontchannel_logout_uri }),
    frontchannelLogoutSessionRequired: data.frontchannel_logout_session_required,
    ...(data.backchannel_logout_uri === undefined ? {} : { backchannelLogoutUri: data.backchannel_logout_uri }),
    backchannelLogoutSessionRequired: data.backchannel_logout_session_required,
    scopes: data.scopes.map(nameOfScope),
    accessTokenLifetime: data.access_token_lifetime,
    authorizationLifetime: data.authorization_lifetime,
    refreshTokenLifetime: data.refresh_token_lifetime,
    refreshTokenUsage: data.refresh_token_usage,
    tokenEndpointAuthMethod: data.token_endpoint_auth_method,
    secretHashes,
    codeChallengeMethod: data.code_challenge_method,
    ssoDisabled: data.sso_disabled,
    grantTypes: data.grant_types,
  };
}

function named(row: Pick<Client, 'clientId' | 'app' | 'keys' | 'state'>): object {
  return {
    client_id: row.clientId,
    client_name: row.app,
    ...(row.state === 'disabled' ? { active: false } : {}),
    ...(row.keys.length === 0 ? {} : { jwks: { keys: row.keys } }),
  };
}

function shown(registered: IdportenRegistration): object {
  return {
    client_orgno: registered.orgno,
    supplier_orgno: registered.supplierOrgno,
    token_endpoint_auth_method: registered.tokenEndpointAuthMethod,
    code_challenge_method: registered.codeChallengeMethod,
    grant_types: registered.grantTypes,
    application_type: registered.applicationType,
    redirect_uris: registered.redirectUris,
    post_logout_redirect_uris: registered.postLogoutRedirectUris,
    frontchannel_logout_uri: registered.frontchannelLogoutUri,
    frontchannel_logout_session_required: registered.frontchannelLogoutSessionRequired,
    backchannel_logout_uri: registered.backchannelLogoutUri,
    backchannel_logout_session_required: registered.backchannelLogoutSessionRequired ?? false,
    access_token_lifetime: registered.accessTokenLifetime,
    authorization_lifetime: registered.authorizationLifetime,
    refresh_token_lifetime: registered.refreshTokenLifetime,
    refresh_token_usage: registered.refreshTokenUsage,
    sso_disabled: registered.ssoDisabled,
    onbehalfof: registered.onBehalfOf ?? [],
  };
}
