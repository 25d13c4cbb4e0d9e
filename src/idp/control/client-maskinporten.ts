import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { appOfAdded } from '../clients/overlay.ts';
import * as field from '../clients/fields.ts';
import { problemsOf } from '../clients/registration-problem.ts';
import type { ClientContext, ClientKind, ReadClient } from './client-kind.ts';
import { scopeEntry, showScope, wishOf } from './client-scopes.ts';

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
  scopes: z.array(scopeEntry).min(1),
  access_token_lifetime: field.seconds.optional(),
  jwks: field.jwks.optional(),
  active: z.boolean().optional(),
  created: z.unknown().optional(),
  last_updated: z.unknown().optional(),
  source: z.unknown().optional(),
});

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
      ...(row.state === 'disabled' ? { active: false } : {}),
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
  const scopes = data.scopes.map(wishOf);
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
  return { ok: true, client: { persona, id, source, position, row, scopes }, once: {} };
}
