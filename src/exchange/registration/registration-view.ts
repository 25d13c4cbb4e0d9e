import type { PublicJwk } from '../../oauth/jwk.ts';
import type { App, InboundRule, OutboundRule, Snapshot } from '../../registry/model.ts';
import { grantTypesOf } from './registration-body.ts';
import type { Registration } from './registration-rows.ts';

/** A registered client, as `GET` tells it. */
export interface ClientView {
  readonly clientId: string;
  readonly jwks: { readonly keys: readonly PublicJwk[] };
  readonly accessPolicyInbound: { readonly clients: readonly string[] };
  readonly accessPolicyOutbound: { readonly clients: readonly string[] };
  readonly allowedScopes: readonly string[];
  readonly allowedGrantTypes: readonly string[];
}

/** What is registered for an app. */
export function viewOf({ id, spec }: App, snapshot: Snapshot): ClientView {
  return {
    clientId: id,
    jwks: { keys: snapshot.clientOf(id, 'tokenx')?.keys ?? [] },
    accessPolicyInbound: { clients: spec.inbound.map(nameOf) },
    accessPolicyOutbound: { clients: spec.outbound.map(nameOf) },
    allowedScopes: [],
    allowedGrantTypes: grantTypesOf(spec.tokenx?.grantTypes),
  };
}

/** What `POST` answers (RFC 7591 3.2.1): what is registered, and the statement that said so. */
export function registeredView(
  { app, keys, grants }: Registration,
  statement: string,
): Readonly<Record<string, unknown>> {
  return {
    client_id: app,
    jwks: { keys },
    software_statement: statement,
    grant_types: grantTypesOf(grants),
    token_endpoint_auth_method: 'private_key_jwt',
    allowedScopes: [],
  };
}

function nameOf({ cluster, namespace, application }: InboundRule | OutboundRule): string {
  return `${cluster}:${namespace}:${application}`;
}
