import { rowOf } from '../engine/client.ts';
import { Refusal } from '../engine/refusal.ts';
import type { UserGrant } from '../engine/user-grant.ts';
import { makeGraphToken } from '../graph/tokens.ts';
import type { ClientCall, TokenAnswer, UserTokenRequest } from '../persona.ts';
import type { Person } from '../people/person.ts';
import { words } from '../words.ts';
import { employeesAt } from './entra-places.ts';
import type { EntraOptions } from './entra-places.ts';
import { requireGrant } from './entra-policy.ts';
import { readScope } from './entra-scope.ts';
import type { AskedApi, AskedScope } from './entra-scope.ts';
import { noteStep } from './entra-steps.ts';
import { accessTokenSeconds, clientInfoOf, signIdToken, signUserToken, subjectAt } from './entra-tokens.ts';

interface AccessAnswer {
  readonly members: TokenAnswer;
  readonly scopes: readonly string[];
}

interface User {
  readonly grant: UserGrant;
  readonly person: Person;
  readonly userGroups: readonly string[];
}

/** Access token for the API asked for, and an ID token with `openid`; both by policy. */
export async function issueEntraTokens(options: EntraOptions, request: UserTokenRequest): Promise<TokenAnswer> {
  const { call, grant } = request;
  const { realm, client } = call;
  const named = words(request.scope);
  const asked = readTokenScope(options, call, named.length === 0 ? grant.scopes : named);
  const person = employeesAt(options, realm.people.all(), call.place).find((each) => each.pid === grant.pid);
  if (person === undefined) throw new Refusal('refresh-ended', { client: client.id });
  const user = { grant, person, userGroups: person.employee?.groups ?? [] };
  await noteStep(realm, person, grant);
  const idToken = asked.oidc.includes('openid') ? await idTokenOf(options, call, user) : undefined;
  const access =
    asked.api === undefined
      ? await graphUserAnswer(call, user, asked)
      : await apiAnswer(options, call, { ...user, api: asked.api });
  const wantsInfo = grant.clientInfo || call.form.get('client_info') === '1';
  return {
    ...access.members,
    scope: answeredScope(asked, access.scopes),
    ...(idToken === undefined ? {} : { id_token: idToken }),
    ...(wantsInfo ? { client_info: clientInfoOf(realm, call.place.tenant, person) } : {}),
  };
}

/** A scope as the token endpoint reads it. */
export function readTokenScope(
  options: EntraOptions,
  { realm, place }: ClientCall,
  scopes: readonly string[],
): AskedScope {
  return readScope({ ...options, place, snapshot: realm.snapshot(), at: 'token' }, scopes);
}

/** Token for Graph of an application calling for itself: opaque to everyone but Graph. */
export async function graphAppAnswer(call: ClientCall): Promise<TokenAnswer> {
  const { realm, client, place } = call;
  const seconds = graphSeconds(call);
  const grant = { client: client.id, tenant: place.tenant, scopes: [], grantId: '', sid: '' };
  return bearer(await makeGraphToken(realm, grant, seconds), seconds);
}

/** A token answer with an access token. Life in seconds. */
export function bearer(token: string, expiresIn: number): TokenAnswer {
  return { token_type: 'Bearer', expires_in: expiresIn, ext_expires_in: expiresIn, access_token: token };
}

function idTokenOf(options: EntraOptions, call: ClientCall, user: User): Promise<string> {
  const row = rowOf(call.client);
  const allowed = requireGrant(call.realm.snapshot(), {
    consumer: row,
    target: row,
    flow: 'login',
    asked: call.client.id,
    tenant: call.place.tenant,
    userGroups: user.userGroups,
  });
  return signIdToken(call, { ...user, allowed, graphOrigin: options.graphOrigin });
}

async function apiAnswer(
  options: EntraOptions,
  call: ClientCall,
  user: User & { readonly api: AskedApi },
): Promise<AccessAnswer> {
  const { api, userGroups } = user;
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
  const { graphOrigin } = options;
  const { token, expiresIn } = await signUserToken(call, api.client, { ...user, allowed, graphOrigin });
  return { members: bearer(token, expiresIn), scopes: allowed.scopes };
}

async function graphUserAnswer(call: ClientCall, { grant }: User, asked: AskedScope): Promise<AccessAnswer> {
  const { realm, client, place } = call;
  const seconds = graphSeconds(call);
  const behind = {
    client: client.id,
    tenant: place.tenant,
    scopes: asked.oidc,
    grantId: grant.grantId,
    sid: grant.sid,
    pid: grant.pid,
    sub: subjectAt(realm, client.id, grant),
  };
  return { members: bearer(await makeGraphToken(realm, behind, seconds), seconds), scopes: [] };
}

function graphSeconds({ realm, client }: ClientCall): number {
  return accessTokenSeconds(realm, client.id, 'graph', String(realm.now()));
}

/** Scopes as the client asked for them, with what `.default` stood for. */
function answeredScope({ oidc, api }: AskedScope, granted: readonly string[]): string {
  const kept = oidc.filter((scope) => scope !== 'offline_access');
  if (api === undefined) return kept.join(' ');
  return [...kept, ...[...new Set([...granted, ...api.names])].map((name) => `${api.prefix}/${name}`)].join(' ');
}
