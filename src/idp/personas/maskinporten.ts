import { randomBytes } from 'node:crypto';
import { GRANT } from '../../oauth/client-assertion.ts';
import type { MaskinportenScope, Snapshot } from '../../registry/model.ts';
import { signToken } from '../engine/issue.ts';
import { Refusal } from '../engine/refusal.ts';
import type { Fault } from '../engine/refusal.ts';
import type { Call, Persona, TokenAnswer } from '../persona.ts';
import { MASKINPORTEN_EXTRA_PARAMS } from '../unconfirmed.ts';
import { manifestFix } from './manifest-fix.ts';
import { checkAssertion } from './maskinporten-assertion.ts';
import type { CheckedAssertion } from './maskinporten-assertion.ts';
import { MASKINPORTEN_FAULTS } from './maskinporten-faults.ts';

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
    authorization_details_types_supported: ['urn:altinn:systemuser', 'urn:altinn:consent'],
  };
}

async function assertionGrant(call: Call): Promise<TokenAnswer> {
  if (MASKINPORTEN_EXTRA_PARAMS === 'refuse' && call.form.names.length > 2) throw new Refusal('form-malformed');
  const assertion = await checkAssertion(call);
  const scopes = checkScopes(call, assertion);
  const { client, registration, resource } = assertion;
  const now = Math.floor(call.realm.now());
  const lifetime = Math.min(
    registration.accessTokenLifetime ?? DEFAULT_LIFE_SECONDS,
    ...scopes.map((scope) => scope.atMaxAge),
  );
  const scope = assertion.scopes.join(' ');
  const claims = {
    iss: call.place.issuer,
    client_amr: 'private_key_jwt',
    token_type: 'Bearer',
    client_id: client.clientId,
    scope,
    iat: now,
    exp: now + lifetime,
    jti: randomBytes(32).toString('base64url'),
    consumer: { authority: 'iso6523-actorid-upis', ID: `0192:${registration.orgno}` },
    ...(resource.length === 0 ? {} : { aud: resource.length === 1 ? resource[0] : resource }),
  };
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

function checkScopes(call: Call, { client, registration, scopes }: CheckedAssertion): readonly MaskinportenScope[] {
  const snapshot = call.realm.snapshot();
  if (scopes.length === 0) throw new Refusal('scope-missing', { client: client.clientId });
  const foreign = scopes.find((scope) => !registration.scopes.includes(scope));
  if (foreign !== undefined) {
    const fix = manifestFix(snapshot, {
      app: client.app,
      path: 'spec.maskinporten.scopes.consumes',
      add: `- name: ${foreign}`,
    });
    throw new Refusal('scope-unknown', { scope: foreign, client: client.clientId }, fix);
  }
  return scopes.map((name) => accessTo(snapshot, { name, orgno: registration.orgno, clientId: client.clientId }));
}

function accessTo(
  snapshot: Snapshot,
  ask: { readonly name: string; readonly orgno: string; readonly clientId: string },
): MaskinportenScope {
  const scope = snapshot.scope(ask.name);
  if (scope?.enabled === true && (scope.accessibleForAll || scope.consumers.includes(ask.orgno))) return scope;
  const values = { scope: ask.name, client: ask.clientId };
  if (scope === undefined) throw new Refusal('scope-no-access', values);
  const add = scope.enabled ? `- orgno: "${ask.orgno}"` : 'enabled: true';
  const path = `spec.maskinporten.scopes.exposes${scope.enabled ? '.consumers' : ''}`;
  throw new Refusal('scope-no-access', values, manifestFix(snapshot, { app: scope.owner, path, add }));
}

function errorBody(issuer: string, fault: Fault): Readonly<Record<string, unknown>> {
  return {
    error: fault.error,
    error_description: `${fault.text} (trace_id: ${randomBytes(16).toString('hex')})`,
    ...(fault.code === undefined ? {} : { error_uri: `${issuer}errors/${fault.code}` }),
  };
}
