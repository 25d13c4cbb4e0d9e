import { randomBytes } from 'node:crypto';
import { GRANT } from '../../oauth/client-assertion.ts';
import { signToken } from '../engine/issue.ts';
import { Refusal } from '../engine/refusal.ts';
import type { Fault } from '../engine/refusal.ts';
import { delegationIssuer } from '../clients/delegations.ts';
import type { Call, Persona, TokenAnswer } from '../persona.ts';
import { MASKINPORTEN_EXTRA_PARAMS } from '../unconfirmed.ts';
import { checkAssertion } from './maskinporten-assertion.ts';
import type { CheckedAssertion } from './maskinporten-assertion.ts';
import { DETAIL_TYPES } from './maskinporten-details.ts';
import { MASKINPORTEN_FAULTS } from './maskinporten-faults.ts';
import { organisation } from './organisation.ts';

const DEFAULT_LIFE_SECONDS = 120;

/** Maskinporten, faithful: one grant, no client authentication beside it, no subject in its tokens. The issuer ends in a slash. */
export function maskinportenPersona(issuer: string): Persona {
  return {
    name: 'maskinporten',
    label: 'Maskinporten',
    provider: 'maskinporten',
    client: () => undefined,
    faults: MASKINPORTEN_FAULTS,
    errorBody: (fault) => errorBody(issuer, fault),
    pageCode: (fault) => fault.error,
    token: { kind: 'grant-only', grants: { [GRANT.jwtBearer]: assertionGrant } },
    authorize: undefined,
    logout: undefined,
  };
}

/** Metadata (RFC 8414 3), the whole document. */
export function maskinportenMetadata(issuer: string): Readonly<Record<string, unknown>> {
  return {
    issuer,
    token_endpoint: `${issuer}token`,
    jwks_uri: `${issuer}jwk`,
    grant_types_supported: [GRANT.jwtBearer],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS256', 'RS384', 'RS512'],
    authorization_details_types_supported: DETAIL_TYPES,
  };
}

async function assertionGrant(call: Call): Promise<TokenAnswer> {
  if (MASKINPORTEN_EXTRA_PARAMS === 'refuse' && call.form.names.length > 2) throw new Refusal('form-malformed');
  const assertion = await checkAssertion(call);
  const { client, scopes } = assertion;
  const lifetime = Math.min(
    client.registration.accessTokenLifetime ?? DEFAULT_LIFE_SECONDS,
    ...scopes.map((scope) => scope.atMaxAge),
  );
  const scope = scopes.map(({ name }) => name).join(' ');
  const claims = accessClaims(call, assertion, { scope, lifetime });
  const { realm } = call;
  const accessToken = await signToken(realm, { kind: 'access', client: client.clientId, claims });
  realm.emit({
    event: 'idp.issued',
    persona: 'maskinporten',
    client: client.clientId,
    grant: GRANT.jwtBearer,
    kind: 'machine',
  });
  return { access_token: accessToken, token_type: 'Bearer', expires_in: lifetime, scope };
}

function accessClaims(
  { place, realm }: Call,
  { amr, client, consumer, details, pid, resource, scopes }: CheckedAssertion,
  { scope, lifetime }: { readonly scope: string; readonly lifetime: number },
): Readonly<Record<string, unknown>> {
  const now = Math.floor(realm.now());
  const { orgno } = client.registration;
  const [source = 'altinn'] = scopes.flatMap(({ delegationSource = [] }) => delegationSource);
  return {
    iss: place.issuer,
    client_amr: amr,
    token_type: 'Bearer',
    client_id: client.clientId,
    scope,
    iat: now,
    exp: now + lifetime,
    jti: realm.random(32),
    consumer: organisation(consumer),
    ...(consumer === orgno ? {} : { supplier: organisation(orgno), delegation_source: delegationIssuer(source) }),
    ...(resource.length === 0 ? {} : { aud: resource.length === 1 ? resource[0] : resource }),
    ...(pid === undefined ? {} : { pid }),
    ...(details === undefined ? {} : { authorization_details: details }),
  };
}

function errorBody(issuer: string, fault: Fault): Readonly<Record<string, unknown>> {
  return {
    error: fault.error,
    error_description: `${fault.text} (trace_id: ${randomBytes(16).toString('hex')})`,
    ...(fault.code === undefined ? {} : { error_uri: `${issuer}errors/${fault.code}` }),
  };
}
