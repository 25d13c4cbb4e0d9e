import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { MaskinportenScope } from '../../registry/model.ts';
import { appOfAdded } from '../client-overlay.ts';
import type { ScopeWish } from '../client-overlay.ts';
import * as field from './client-fields.ts';
import { problemsOf } from './client-kind.ts';
import type { ClientContext, ClientKind, ReadClient } from './client-kind.ts';

const scopeObject = z.strictObject({
  name: field.text,
  /** Whether the client's organisation may use it; where no manifest knows the scope: yes. */
  access: z.boolean().optional(),
  owner_orgno: field.orgno.default(field.DEFAULT_ORGNO),
  active: z.boolean().default(true),
  at_max_age: field.seconds.default(120),
  accessible_for_all: z.boolean().default(false),
  allowed_integration_types: z.array(field.text).optional(),
  delegation_source: field.text.optional(),
  requires_user_authentication: z.boolean().optional(),
  requires_pseudonymous_tokens: z.boolean().optional(),
  token_type: z.enum(['SELF_CONTAINED', 'OPAQUE']).optional(),
});
const registration = z.strictObject({
  client_id: field.clientId.optional(),
  client_name: field.text.optional(),
  description: z.string().optional(),
  client_uri: z.string().optional(),
  client_orgno: field.orgno.default(field.DEFAULT_ORGNO),
  integration_type: z.literal('maskinporten').optional(),
  application_type: z.string().optional(),
  token_endpoint_auth_method: z.literal('private_key_jwt').optional(),
  grant_types: z.array(z.string()).optional(),
  scopes: z.array(z.union([field.text, scopeObject])).min(1),
  access_token_lifetime: field.seconds.optional(),
  jwks: field.jwks.optional(),
  active: z.boolean().optional(),
  created: z.unknown().optional(),
  last_updated: z.unknown().optional(),
  source: z.unknown().optional(),
});

type Scope = z.infer<typeof scopeObject>;

/** Clients of Maskinporten, with the names of Digdir's self-service; scopes may bring what they are. */
export const maskinportenClients: ClientKind = {
  idName: 'client_id',
  read,
  show: ({ row }, snapshot) => {
    if (row?.registration.provider !== 'maskinporten') return {};
    const { orgno, scopes, accessTokenLifetime } = row.registration;
    return {
      client_id: row.clientId,
      client_name: row.app,
      client_orgno: orgno,
      token_endpoint_auth_method: 'private_key_jwt',
      access_token_lifetime: accessTokenLifetime,
      scopes: scopes.map((name) => showScope(name, snapshot.scope(name), orgno)),
      ...(row.keys.length === 0 ? {} : { jwks: { keys: row.keys } }),
    };
  },
};

function read(value: unknown, context: ClientContext): ReadClient {
  const parsed = registration.safeParse(value);
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error) };
  const { data } = parsed;
  const { persona, source, position } = context;
  const id = data.client_id ?? randomUUID();
  const scopes = data.scopes.map((scope) => (typeof scope === 'string' ? scopeObject.parse({ name: scope }) : scope));
  const lifetime = data.access_token_lifetime;
  const row = {
    app: appOfAdded(persona, id, data.client_name),
    provider: 'maskinporten',
    clientId: id,
    state: data.active === false ? 'disabled' : 'ready',
    keys: data.jwks?.keys ?? [],
    registration: {
      provider: 'maskinporten',
      orgno: data.client_orgno,
      scopes: scopes.map(({ name }) => name),
      ...(lifetime === undefined ? {} : { accessTokenLifetime: lifetime }),
    },
  } as const;
  return { ok: true, client: { persona, id, source, position, row, scopes: scopes.map(wishOf) }, once: {} };
}

function wishOf(scope: Scope): ScopeWish {
  const row = {
    ownerOrgno: scope.owner_orgno,
    enabled: scope.active,
    accessibleForAll: scope.accessible_for_all,
    atMaxAge: scope.at_max_age,
    ...(scope.allowed_integration_types === undefined ? {} : { allowedIntegrations: scope.allowed_integration_types }),
    ...(scope.delegation_source === undefined ? {} : { delegationSource: scope.delegation_source }),
    ...(scope.requires_user_authentication === undefined ? {} : { pidAllowed: scope.requires_user_authentication }),
    ...(scope.token_type === undefined ? {} : { tokenType: scope.token_type }),
    ...(scope.requires_pseudonymous_tokens === undefined
      ? {}
      : { requiresPseudonymousTokens: scope.requires_pseudonymous_tokens }),
  };
  return { name: scope.name, access: scope.access, row };
}

function showScope(name: string, scope: MaskinportenScope | undefined, orgno: string): object {
  if (scope === undefined) return { name, access: false };
  return {
    name,
    access: scope.enabled && (scope.accessibleForAll || scope.consumers.includes(orgno)),
    owner_orgno: scope.ownerOrgno,
    active: scope.enabled,
    at_max_age: scope.atMaxAge,
    accessible_for_all: scope.accessibleForAll,
    allowed_integration_types: scope.allowedIntegrations,
    delegation_source: scope.delegationSource,
    requires_user_authentication: scope.pidAllowed,
    requires_pseudonymous_tokens: scope.requiresPseudonymousTokens,
    token_type: scope.tokenType,
  };
}
