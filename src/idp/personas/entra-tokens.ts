import type { Client } from '../../registry/model.ts';
import { rowOf } from '../engine/client.ts';
import { signToken } from '../engine/issue.ts';
import type { UserGrant } from '../engine/user-grant.ts';
import type { ClientCall } from '../persona.ts';
import type { RealmParts } from '../realm-parts.ts';
import { fullName } from '../people/person.ts';
import type { Person } from '../people/person.ts';
import type { Allowed } from './entra-policy.ts';
import { displayName } from './entra-policy.ts';

/** Entra dates its tokens back, for clients whose clock is behind. */
const BACKDATED_SECONDS = 300;
const ID_TOKEN_SECONDS = 3600;
const MAX_GROUPS = 200;

/** A signed access token and its life in seconds. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresIn: number;
}

/** Who a token is about, and what policy gives them. */
export interface TokenUser {
  readonly grant: UserGrant;
  readonly person: Person;
  readonly allowed: Allowed;
  readonly graphOrigin: string;
}

/** Access token of an application calling for itself. */
export async function signAppToken(call: ClientCall, api: Client, allowed: Allowed): Promise<IssuedToken> {
  const { registration } = rowOf(call.client);
  const principal = registration.provider === 'azure' ? registration.servicePrincipalId : '';
  return await signAccessToken(call, api, {
    idtyp: 'app',
    oid: principal,
    roles: allowed.roles,
    sub: principal,
  });
}

/** Access token of a person at an API. */
export async function signUserToken(call: ClientCall, api: Client, user: TokenUser): Promise<IssuedToken> {
  const { grant, allowed } = user;
  return await signAccessToken(
    call,
    api,
    {
      ...personClaims(call, user),
      scp: allowed.scopes.join(' '),
      sub: subjectAt(call.realm, api.clientId, grant),
    },
    grant,
  );
}

/** ID token for the client itself. */
export async function signIdToken(call: ClientCall, user: TokenUser): Promise<string> {
  const { realm, client } = call;
  const { grant } = user;
  const claims = {
    aud: client.id,
    ...timesAndNames(call, ID_TOKEN_SECONDS),
    ...personClaims(call, user),
    ...(grant.nonce === undefined ? {} : { nonce: grant.nonce }),
    sub: subjectAt(realm, client.id, grant),
  };
  return await signToken(realm, { kind: 'id', client: client.id, grant, header: { typ: 'JWT' }, claims });
}

/** The object id of a person in a tenant: the same at every API. */
export function objectIdOf(realm: RealmParts, tenant: string, person: Person): string {
  return person.employee?.oid ?? realm.seed.guid('entra', 'oid', tenant, person.pid);
}

/** Life of an access token: somewhere from 60 to 90 minutes, as Entra has it. */
export function accessTokenSeconds(realm: RealmParts, ...parts: readonly string[]): number {
  return realm.seed.integer(3600, 5400, 'entra', 'life', ...parts);
}

/** `client_info`: who the answer is about, for clients that asked (base64url JSON). */
export function clientInfoOf(realm: RealmParts, tenant: string, person: Person): string {
  const info = { uid: objectIdOf(realm, tenant, person), utid: tenant };
  return Buffer.from(JSON.stringify(info)).toString('base64url');
}

async function signAccessToken(
  call: ClientCall,
  api: Client,
  subject: Record<string, unknown>,
  grant?: UserGrant,
): Promise<IssuedToken> {
  const { realm, client, method } = call;
  const expiresIn = accessTokenSeconds(realm, client.id, api.clientId, String(realm.now()));
  const claims = {
    aud: api.clientId,
    ...timesAndNames(call, expiresIn),
    azp: client.id,
    azpacr: azpacrOf(method),
    azp_name: displayName(rowOf(client)),
    ...subject,
  };
  const token = await signToken(realm, { kind: 'access', client: client.id, grant, header: { typ: 'JWT' }, claims });
  return { token, expiresIn };
}

function timesAndNames({ realm, place }: ClientCall, lifetime: number): Record<string, unknown> {
  const now = Math.floor(realm.now());
  return {
    iss: place.issuer,
    iat: now - BACKDATED_SECONDS,
    nbf: now - BACKDATED_SECONDS,
    exp: now + lifetime,
    aio: realm.random(32),
    rh: `1.A${realm.random(24)}.`,
    tid: place.tenant,
    uti: realm.random(16),
    ver: '2.0',
  };
}

function personClaims({ realm }: ClientCall, user: TokenUser): Record<string, unknown> {
  const { person, grant } = user;
  const { employee } = person;
  return {
    ...groupClaims(realm, user),
    name: fullName(person),
    ...(employee?.NAVident === undefined ? {} : { NAVident: employee.NAVident }),
    oid: objectIdOf(realm, grant.tenant, person),
    preferred_username: employee?.preferredUsername,
    sid: grant.sid,
  };
}

/** The groups themselves, or, when a token would grow too large, where to ask for them (OpenID Connect Core 5.6.2). */
function groupClaims(realm: RealmParts, { person, grant, allowed, graphOrigin }: TokenUser): Record<string, unknown> {
  const { groups } = allowed;
  if (groups.length === 0) return {};
  if (groups.length <= MAX_GROUPS) return { groups };
  const endpoint = `${graphOrigin}/v1.0/users/${objectIdOf(realm, grant.tenant, person)}/getMemberObjects`;
  return { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint } } };
}

/** Pairwise by API: ID token, access token and on-behalf-of token of one person differ. */
export function subjectAt(realm: RealmParts, audience: string, grant: UserGrant): string {
  return realm.seed.name('entra', 'sub', grant.tenant, audience, grant.pid);
}

function azpacrOf(method: ClientCall['method']): string {
  if (method === 'private_key_jwt') return '2';
  return method === 'none' ? '0' : '1';
}
