import { randomBytes, randomUUID } from 'node:crypto';
import { numberClaim, stringClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { rowOf } from '../engine/client.ts';
import { readOwnToken } from '../engine/own-token.ts';
import { Refusal } from '../engine/refusal.ts';
import { issueRefreshToken } from '../engine/refresh-tokens.ts';
import { required } from '../engine/token.ts';
import type { UserGrant } from '../engine/user-grant.ts';
import type { ClientCall, TokenAnswer, UserTokenRequest } from '../persona.ts';
import type { Person } from '../person.ts';
import { requireGrant } from './entra-policy.ts';
import { readScope } from './entra-scope.ts';
import type { AskedApi, AskedScope, ScopeContext } from './entra-scope.ts';
import {
  accessTokenSeconds,
  clientInfoOf,
  objectIdOf,
  signAppToken,
  signIdToken,
  signUserToken,
} from './entra-tokens.ts';

/** What the grants of Entra need to know about the service. */
export interface EntraSetting {
  readonly scopeContext: (call: Pick<ClientCall, 'realm' | 'place'>) => ScopeContext;
  readonly employees: (call: Pick<ClientCall, 'realm' | 'place'>) => readonly Person[];
}

/** Grant `client_credentials`: one API, by policy, no refresh token and no `scope` member. */
export async function clientCredentialsGrant(setting: EntraSetting, call: ClientCall): Promise<TokenAnswer> {
  const scope = required(call, 'scope');
  if (!words(scope).every((word) => word.endsWith('/.default'))) {
    throw new Refusal('scope-not-default', { scope, client: call.client.id });
  }
  const { api } = readScope(setting.scopeContext(call), words(scope));
  if (api === undefined) return graphAnswer(call).members;
  const allowed = requireGrant(call.realm.snapshot(), {
    consumer: rowOf(call.client),
    target: api.client,
    flow: 'client_credentials',
    asked: api.prefix,
    tenant: call.place.tenant,
  });
  const { token, expiresIn } = await signAppToken(call, api.client, allowed);
  return bearer(token, expiresIn);
}

/** On-Behalf-Of: a user's token for the caller becomes one for the next API. Chains are allowed, application tokens are not. */
export async function onBehalfOfGrant(setting: EntraSetting, call: ClientCall): Promise<TokenAnswer> {
  const assertion = required(call, 'assertion');
  if (required(call, 'requested_token_use') !== 'on_behalf_of') {
    throw new Refusal('parameter-missing', { parameter: 'requested_token_use' });
  }
  const scope = required(call, 'scope');
  const claims = checkUserToken(call, assertion);
  const person = setting
    .employees(call)
    .find((each) => objectIdOf(call.realm, call.place.tenant, each) === claims['oid']);
  if (person === undefined) throw new Refusal('obo-assertion-invalid', { client: call.client.id });
  const now = Math.floor(call.realm.now());
  const grant: UserGrant = {
    grantId: randomUUID(),
    clientId: call.client.id,
    tenant: call.place.tenant,
    pid: person.pid,
    acr: '',
    amr: [],
    authTime: now,
    startedAt: now,
    sid: stringClaim(claims, 'sid') ?? randomUUID(),
    scopes: words(scope),
    resource: [],
    nonce: undefined,
    clientInfo: false,
    faults: [],
  };
  const answer = await issueEntraTokens(setting, { call, grant, scope });
  const refreshToken = await issueRefreshToken(call.realm, call.client, grant);
  return refreshToken === undefined ? answer : { ...answer, refresh_token: refreshToken };
}

/** Access token for the API asked for, and an ID token with `openid`; both by policy. */
export async function issueEntraTokens(setting: EntraSetting, request: UserTokenRequest): Promise<TokenAnswer> {
  const { call, grant } = request;
  const { realm, place, client } = call;
  const asked = readScope(
    setting.scopeContext(call),
    request.scope === undefined ? grant.scopes : words(request.scope),
  );
  const person = setting.employees(call).find((each) => each.pid === grant.pid);
  if (person === undefined) throw new Refusal('refresh-expired', { client: client.id });
  const userGroups = person.employee?.groups ?? [];
  const snapshot = realm.snapshot();
  const own = { consumer: rowOf(client), target: rowOf(client), asked: client.id, tenant: place.tenant, userGroups };
  const idToken = asked.oidc.includes('openid')
    ? await signIdToken(call, { grant, person, allowed: requireGrant(snapshot, { ...own, flow: 'login' }) })
    : undefined;
  const access =
    asked.api === undefined ? graphAnswer(call) : await apiAnswer(call, { grant, person, api: asked.api, userGroups });
  const wantsInfo = grant.clientInfo || call.form.get('client_info') === '1';
  return {
    ...access.members,
    scope: answeredScope(asked, access.scopes),
    ...(idToken === undefined ? {} : { id_token: idToken }),
    ...(wantsInfo ? { client_info: clientInfoOf(realm, place.tenant, person) } : {}),
  };
}

interface AccessAnswer {
  readonly members: TokenAnswer;
  readonly scopes: readonly string[];
}

async function apiAnswer(
  call: ClientCall,
  user: {
    readonly grant: UserGrant;
    readonly person: Person;
    readonly api: AskedApi;
    readonly userGroups: readonly string[];
  },
): Promise<AccessAnswer> {
  const { api, grant, person, userGroups } = user;
  const allowed = requireGrant(call.realm.snapshot(), {
    consumer: rowOf(call.client),
    target: api.client,
    flow: 'obo',
    asked: api.prefix,
    tenant: call.place.tenant,
    userGroups,
  });
  const unknown = api.names.find((name) => name !== '.default' && !allowed.scopes.includes(name));
  if (unknown !== undefined)
    throw new Refusal('scope-unknown', { scope: `${api.prefix}/${unknown}`, client: call.client.id });
  const { token, expiresIn } = await signUserToken(call, api.client, { grant, person, allowed });
  return { members: bearer(token, expiresIn), scopes: allowed.scopes };
}

/** Graph's tokens are opaque to everyone but Graph. */
function graphAnswer(call: ClientCall): AccessAnswer {
  const expiresIn = accessTokenSeconds(call.realm, call.client.id, 'graph', String(call.realm.now()));
  const token = `fmgraph.${randomBytes(32).toString('base64url')}`;
  return { members: bearer(token, expiresIn), scopes: [] };
}

function bearer(token: string, expiresIn: number): TokenAnswer {
  return { token_type: 'Bearer', expires_in: expiresIn, ext_expires_in: expiresIn, access_token: token };
}

function checkUserToken(call: ClientCall, assertion: string): Claims {
  const values = { client: call.client.id };
  const claims = readOwnToken(call.realm, call.place.issuer, assertion);
  if (claims === undefined || claims['aud'] !== call.client.id) throw new Refusal('obo-assertion-invalid', values);
  if ((numberClaim(claims, 'exp') ?? 0) <= call.realm.now()) throw new Refusal('obo-assertion-expired', values);
  if (claims['idtyp'] === 'app') throw new Refusal('obo-app-token', values);
  if (claims['azp'] === undefined) throw new Refusal('obo-id-token', values);
  return claims;
}

/** Scopes as the client asked for them, with what `.default` stood for. */
function answeredScope({ oidc, api }: AskedScope, granted: readonly string[]): string {
  if (api === undefined) return oidc.filter((scope) => scope !== 'offline_access').join(' ');
  const named = [...new Set([...granted, ...api.names])].map((name) => `${api.prefix}/${name}`);
  return [...oidc.filter((scope) => scope !== 'offline_access'), ...named].join(' ');
}

function words(text: string): readonly string[] {
  return [...new Set(text.split(' ').filter((word) => word !== ''))];
}
