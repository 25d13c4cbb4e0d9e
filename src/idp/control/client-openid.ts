import type { OpenidClient } from '../clients/openid-client.ts';
import { parseOpenidClient } from '../clients/openid-client.ts';
import { settleClient } from '../personas/generics.ts';
import type { ClientContext, ClientKind, ReadClient } from './client-kind.ts';

/** Clients of the generic personas, with the names of RFC 7591. */
export const openidClients: ClientKind = {
  idName: 'client_id',
  read,
  show: ({ openid }) => (openid === undefined ? {} : shown(openid)),
};

function read(value: unknown, { persona, source, position, before }: ClientContext): ReadClient {
  const parsed = parseOpenidClient(withoutSource(value));
  if (!parsed.ok) return parsed;
  const given = typeof value === 'object' && value !== null && 'client_secret' in value;
  const old = before?.openid?.secretHashes ?? [];
  const kept = parsed.secret !== undefined && !given && old.length > 0;
  const settled = settleClient(persona, parsed.client);
  if (!settled.ok) return settled;
  const openid = kept ? { ...settled.client, secretHashes: old } : settled.client;
  const once = parsed.secret === undefined || kept ? {} : { client_secret: parsed.secret };
  return { ok: true, client: { persona, id: openid.clientId, source, position, openid }, once };
}

/** What we show may be sent back. */
function withoutSource(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'source'));
}

function shown(client: OpenidClient): Readonly<Record<string, unknown>> {
  return {
    client_id: client.clientId,
    client_name: client.name,
    token_endpoint_auth_method: client.authMethod,
    ...(client.keys.length === 0 ? {} : { jwks: { keys: client.keys } }),
    redirect_uris: client.redirectUris,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    frontchannel_logout_uri: client.frontchannelLogoutUri,
    frontchannel_logout_session_required: client.frontchannelLogoutSessionRequired,
    backchannel_logout_uri: client.backchannelLogoutUri,
    backchannel_logout_session_required: client.backchannelLogoutSessionRequired,
    grant_types: client.grantTypes,
    scope: client.scopes?.join(' '),
    id_token_signed_response_alg: client.idTokenAlg,
    access_token_format: client.accessTokenFormat,
    access_token_signed_response_alg: client.accessTokenAlg,
    default_max_age: client.defaultMaxAge,
  };
}
