import { randomUUID } from 'node:crypto';
import { numberClaim, stringClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { rowOf } from '../engine/client.ts';
import { grantOfCode } from '../engine/codes.ts';
import { readOwnToken } from '../engine/own-token.ts';
import { Refusal } from '../engine/refusal.ts';
import { issueRefreshToken, readRefreshToken } from '../engine/refresh-tokens.ts';
import { authorizationCodeGrant, refreshTokenGrant, required } from '../engine/token.ts';
import type { UserGrant } from '../engine/user-grant.ts';
import type { ClientCall, TokenAnswer } from '../persona.ts';
import type { Person } from '../people/person.ts';
import { words } from '../words.ts';
import { asBrowserApplication, isBrowserApplication } from './entra-client.ts';
import { bearer, graphAppAnswer, issueEntraTokens, readTokenScope } from './entra-issue.ts';
import { employeesAt } from './entra-places.ts';
import type { EntraOptions } from './entra-places.ts';
import { requireGrant } from './entra-policy.ts';
import { requireSteps } from './entra-steps.ts';
import { objectIdOf, signAppToken } from './entra-tokens.ts';

/** Grant `authorization_code`; a code for a browser application needs no credential. */
export async function codeGrant(options: EntraOptions, call: ClientCall): Promise<TokenAnswer> {
  const { client, form, realm, place } = call;
  const browser = isBrowserApplication(client, form.get('redirect_uri'));
  if (!browser) requireCredential(call);
  if (form.values.get('scope')?.trim() === '') throw new Refusal('scope-empty', { parameter: 'scope' });
  const grant = await grantOfCode(realm, required(call, 'code'));
  required(call, 'redirect_uri');
  checkScope(options, call, grant?.clientId === client.id ? grant.scopes : []);
  if (grant !== undefined && grant.tenant !== place.tenant) {
    throw new Refusal('code-other-client', { client: client.id });
  }
  return await authorizationCodeGrant(browser ? { ...call, client: asBrowserApplication(client) } : call);
}

/** Grant `refresh_token`: as long-lived as the place its sign-in came from allows. */
export async function refreshGrant(options: EntraOptions, call: ClientCall): Promise<TokenAnswer> {
  const { client, realm, place } = call;
  const found = await readRefreshToken(realm, required(call, 'refresh_token'));
  // One that is not live is refused below, whoever sends it.
  const browser = found !== undefined && isBrowserApplication(client, found.grant.redirectUri);
  if (found !== undefined && !browser) requireCredential(call);
  checkScope(options, call);
  const own = found?.grant.clientId === client.id ? found.grant : undefined;
  const person = employeesAt(options, realm.people.all(), place).find(({ pid }) => pid === own?.pid);
  if (own !== undefined && person !== undefined) await requireSteps(call, person, own.sid);
  return await refreshTokenGrant(browser ? { ...call, client: asBrowserApplication(client) } : call);
}

/** Grant `client_credentials`: one API, by policy, no refresh token and no `scope` member. */
export async function clientCredentialsGrant(options: EntraOptions, call: ClientCall): Promise<TokenAnswer> {
  requireCredential(call);
  const scope = requiredScope(call);
  if (!words(scope).every((word) => word.endsWith('/.default'))) {
    throw new Refusal('scope-not-default', { scope, client: call.client.id });
  }
  const { api } = readTokenScope(options, call, words(scope));
  if (api === undefined) return await graphAppAnswer(call);
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
export async function onBehalfOfGrant(options: EntraOptions, call: ClientCall): Promise<TokenAnswer> {
  requireCredential(call);
  const { realm, place, client } = call;
  const assertion = required(call, 'assertion');
  if (required(call, 'requested_token_use') !== 'on_behalf_of') {
    throw new Refusal('parameter-missing', { parameter: 'requested_token_use' });
  }
  const scope = requiredScope(call);
  checkScope(options, call);
  const claims = checkUserToken(call, assertion);
  const person = employeesAt(options, realm.people.all(), place).find(
    (each) => objectIdOf(realm, place.tenant, each) === claims['oid'],
  );
  if (person === undefined) throw new Refusal('obo-assertion-invalid', { client: client.id });
  const grant = newGrant(call, person, { scopes: words(scope), sid: stringClaim(claims, 'sid') ?? randomUUID() });
  await requireSteps(call, person, grant.sid);
  const answer = await issueEntraTokens(options, { call, grant, scope });
  const refreshToken = await issueRefreshToken(call, grant);
  return refreshToken === undefined ? answer : { ...answer, refresh_token: refreshToken };
}

function newGrant(call: ClientCall, person: Person, from: Pick<UserGrant, 'scopes' | 'sid'>): UserGrant {
  const now = Math.floor(call.realm.now());
  return {
    ...from,
    grantId: randomUUID(),
    clientId: call.client.id,
    tenant: call.place.tenant,
    pid: person.pid,
    acr: '',
    amr: [],
    authTime: now,
    startedAt: now,
    resource: [],
    nonce: undefined,
    clientInfo: false,
    faults: [],
  };
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

function requiredScope(call: ClientCall): string {
  const scope = required(call, 'scope');
  if (words(scope).length === 0) throw new Refusal('parameter-missing', { parameter: 'scope' });
  return scope;
}

/** A scope that cannot be used is told before the grant is looked at, and spends nothing. `granted` counts where the request names none. */
function checkScope(options: EntraOptions, call: ClientCall, granted: readonly string[] = []): void {
  const scope = call.form.get('scope');
  readTokenScope(options, call, scope === undefined ? granted : words(scope));
}

/** A client may have a browser application and a secret; where the browser is not the caller, the secret is needed. */
function requireCredential({ method, client }: ClientCall): void {
  if (method === 'none') throw new Refusal('credential-missing', { client: client.id });
}
