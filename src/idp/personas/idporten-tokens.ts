import { randomBytes } from 'node:crypto';
import type { MaskinportenScope } from '../../registry/model.ts';
import { delegationIssuer } from '../clients/delegations.ts';
import { makeOpaqueToken, noteAccessToken } from '../engine/access-tokens.ts';
import type { ProvenBy } from '../engine/client.ts';
import { signToken } from '../engine/issue.ts';
import { narrowScopes } from '../engine/narrow-scopes.ts';
import { Refusal } from '../engine/refusal.ts';
import type { TokenAnswer, UserTokenRequest } from '../persona.ts';
import type { RealmParts } from '../realm-parts.ts';
import { IDPORTEN_SUPPLIER_CLAIM } from '../unconfirmed.ts';
import { registrationOf } from './idporten-registration.ts';
import { organisation } from './organisation.ts';

const ID_TOKEN_SECONDS = 120;
/** Electronic ids that tell the names of a person. */
const EIDS_WITH_NAMES: ReadonlySet<string> = new Set(['BankID', 'BankID Mobil', 'Buypass', 'Commfides']);

/** Tokens about to be made. `now` in seconds. */
interface Making extends UserTokenRequest {
  readonly now: number;
  readonly lifetimeSeconds: number;
  readonly scopes: readonly string[];
}

/** ID token and access token of ID-porten, exactly the claims it has: no `at_hash`, no `aud` without `resource`. */
export async function issueIdportenTokens(
  request: UserTokenRequest,
  { idToken: withIdToken }: { readonly idToken: boolean },
): Promise<TokenAnswer> {
  const { realm, client } = request.call;
  const now = Math.floor(realm.now());
  const scopes = narrowScopes(request.grant.scopes, request.scope);
  const { accessTokenLifetime, authorizationLifetime } = registrationOf(client);
  const lifetimeSeconds = Math.min(accessTokenLifetime, request.grant.startedAt + authorizationLifetime - now);
  if (lifetimeSeconds <= 0) throw new Refusal('refresh-expired');
  const making: Making = { ...request, now, lifetimeSeconds, scopes };
  const [idToken, accessToken] = await Promise.all([
    withIdToken ? makeIdToken(making) : undefined,
    makeAccessToken(making),
  ]);
  return {
    access_token: accessToken,
    ...(idToken === undefined ? {} : { id_token: idToken }),
    token_type: 'Bearer',
    expires_in: lifetimeSeconds,
    scope: scopes.join(' '),
  };
}

/** Only the five-part shape of a JWE: opaque, readable by nobody. */
export function makeIdportenRefreshToken(): string {
  const header = Buffer.from(JSON.stringify({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })).toString('base64url');
  return [header, ...[43, 12, 96, 16].map((length) => randomBytes(length).toString('base64url'))].join('.');
}

/** Pairwise: another name for the same person at every client. */
export function subjectAt(realm: RealmParts, clientId: string, pid: string): string {
  return realm.seed.name('idporten', 'sub', clientId, pid);
}

async function makeIdToken(making: Making): Promise<string> {
  const { call, grant, now } = making;
  const { realm, client } = call;
  const person = realm.people.find(grant.pid);
  const named = grant.scopes.includes('profile') && grant.amr.some((eid) => EIDS_WITH_NAMES.has(eid));
  const claims = {
    ...sharedClaims(making),
    pid: grant.pid,
    aud: client.id,
    amr: grant.amr,
    auth_time: grant.authTime,
    exp: now + ID_TOKEN_SECONDS,
    jti: newId(),
    locale: person?.locale ?? 'nb',
    ...(named && person !== undefined
      ? { name: `${person.given} ${person.family}`, given_name: person.given, family_name: person.family }
      : {}),
    ...(grant.nonce === undefined ? {} : { nonce: grant.nonce }),
    ...(client.sessionNamed ? { sid: grant.sid } : {}),
  };
  return await signToken(realm, { kind: 'id', client: client.id, grant, claims });
}

async function makeAccessToken(making: Making): Promise<string> {
  const { call, grant, now, lifetimeSeconds, scopes } = making;
  const { realm, client } = call;
  const { orgno } = registrationOf(client);
  const known = scopesOf(making);
  const jti = newId();
  const claims = {
    ...sharedClaims(making),
    ...(known.some((scope) => scope.requiresPseudonymousTokens === true) ? {} : { pid: grant.pid }),
    client_id: client.id,
    client_amr: amrOf(call.method),
    scope: scopes.join(' '),
    consumer: organisation(orgno),
    ...supplierClaims(making, known),
    token_type: 'Bearer',
    ...(grant.resource.length === 0 ? {} : { aud: grant.resource.length === 1 ? grant.resource[0] : grant.resource }),
    exp: now + lifetimeSeconds,
    jti,
  };
  await noteAccessToken(realm, jti, grant, lifetimeSeconds);
  if (known.some((scope) => scope.tokenType === 'OPAQUE')) return await makeOpaqueToken(realm, client.id, claims);
  return await signToken(realm, { kind: 'access', client: client.id, grant, claims });
}

/** What both tokens say. */
function sharedClaims({ call, grant, now }: Making): Readonly<Record<string, unknown>> & { readonly iat: number } {
  const { onBehalfOf, authorizationDetails } = grant;
  return {
    iss: call.place.issuer,
    sub: subjectAt(call.realm, call.client.id, grant.pid),
    acr: grant.acr,
    iat: now,
    ...(onBehalfOf === undefined ? {} : { [IDPORTEN_SUPPLIER_CLAIM]: onBehalfOf }),
    ...(authorizationDetails === undefined ? {} : { authorization_details: authorizationDetails }),
  };
}

/** A supplier runs the client; where a scope may be delegated to suppliers, it says by whom that is known. */
function supplierClaims({ call }: Making, known: readonly MaskinportenScope[]): Readonly<Record<string, unknown>> {
  const { supplierOrgno } = registrationOf(call.client);
  if (supplierOrgno === undefined) return {};
  const source = known.find((scope) => scope.delegationSource !== undefined)?.delegationSource;
  return {
    supplier: organisation(supplierOrgno),
    ...(source === undefined ? {} : { delegation_source: delegationIssuer(source) }),
  };
}

/** What the registry knows about the scopes of a token. */
function scopesOf({ call, scopes }: Making): readonly MaskinportenScope[] {
  const snapshot = call.realm.snapshot();
  return scopes.map((name) => snapshot.scope(name)).filter((scope) => scope !== undefined);
}

function amrOf(method: ProvenBy): string {
  return method === 'certificate' ? 'virksomhetssertifikat' : method;
}

/** 11 characters. */
function newId(): string {
  return randomBytes(8).toString('base64url');
}
