import { GRANT } from '../../oauth/client-assertion.ts';
import type { AuthorizePolicy } from '../policy/authorize-policy.ts';
import type { ClientSite } from '../persona.ts';
import { words } from '../words.ts';
import type { LocalClient } from './client.ts';
import { readAskedPerson } from './asked-person.ts';
import { Refusal } from './refusal.ts';
import type { AuthorizationRequest, Challenge } from './user-grant.ts';

/** Parameters by name, none of them empty. */
export type Parameters = ReadonlyMap<string, string>;

/** The client and redirect address of a request: whatever is wrong here must not be told by redirect (RFC 6749 4.1.2.1). */
export function locateClient(
  site: Omit<ClientSite, 'client'>,
  policy: AuthorizePolicy,
  parameters: Parameters,
): { readonly client: LocalClient; readonly redirectUri: string } {
  const id = parameters.get('client_id');
  if (id === undefined) throw new Refusal('client-missing', { parameter: 'client_id' });
  const client = site.realm.persona.client(site.realm.snapshot(), id, site.place);
  if (client === undefined) throw new Refusal('client-unknown', { client: id, tenant: site.place.tenant });
  const redirectUri = parameters.get('redirect_uri') ?? soleRedirect(policy, client, parameters) ?? '';
  if (!policy.redirectMatches(client.redirectUris, redirectUri)) {
    throw new Refusal('redirect-unknown', { redirect: redirectUri, client: id });
  }
  return { client, redirectUri };
}

/** RFC 6749 3.1.2.3: who registered one address need not repeat it; OpenID Connect Core 3.1.2.1 wants it all the same. */
function soleRedirect(policy: AuthorizePolicy, client: LocalClient, parameters: Parameters): string | undefined {
  const [sole, ...others] = client.redirectUris;
  if (policy.soleRedirect !== true || others.length > 0) return undefined;
  return words(parameters.get('scope')).includes('openid') ? undefined : sole;
}

/** Checks everything else of an authorization request (OpenID Connect Core 3.1.2.1, RFC 7636 4.3). Throws a Refusal. */
export function checkAuthorizationRequest(
  site: ClientSite,
  policy: AuthorizePolicy,
  parameters: Parameters,
): AuthorizationRequest {
  if (!site.client.grantTypes.includes(GRANT.authorizationCode)) {
    throw new Refusal('grant-not-registered', { grant: GRANT.authorizationCode, client: site.client.id });
  }
  checkResponseType(parameters);
  if (parameters.has('request_uri')) throw new Refusal('request-uri-foreign', { parameter: 'request_uri' });
  if (parameters.has('request') && policy.requestObjects === 'refuse') throw new Refusal('request-object');
  const further = policy.further?.(site, parameters);
  const challenge = checkChallenge(policy, site.client, parameters);
  const scopes = words(parameters.get('scope'));
  policy.checkScopes(site, scopes);
  checkStateAndNonce(policy, site.client, parameters);
  const prompt = words(parameters.get('prompt'));
  if (prompt.includes('none') && prompt.length > 1) throw new Refusal('prompt-mixed');
  return {
    clientId: site.client.id,
    redirectUri: parameters.get('redirect_uri') ?? soleRedirect(policy, site.client, parameters) ?? '',
    redirectLeftOut: !parameters.has('redirect_uri'),
    responseMode: responseModeOf(policy, parameters),
    state: parameters.get('state'),
    nonce: parameters.get('nonce'),
    challenge,
    scopes,
    resource: checkResource(site, policy, parameters),
    ...readAskedPerson(site, policy, parameters),
    prompt,
    maxAgeSeconds: policy.maxAge ? maxAgeOf(site.client, parameters) : undefined,
    loginHint: parameters.get('login_hint'),
    locales: words(parameters.get('ui_locales')),
    clientInfo: parameters.get('client_info') === '1',
    sentClaims: parameters.get('claims'),
    ...further,
  };
}

/** The response mode asked for; `query` when none was. Throws `response-mode`. */
export function responseModeOf(policy: AuthorizePolicy, parameters: Parameters): AuthorizationRequest['responseMode'] {
  const named = parameters.get('response_mode') ?? 'query';
  // The code flow's default, signed (JARM 2.3.4).
  const asked = named === 'jwt' ? 'query.jwt' : named;
  const mode = policy.responseModes.find((known) => known === asked);
  if (mode === undefined) throw new Refusal('response-mode', { parameter: 'response_mode' });
  return mode;
}

function checkResponseType(parameters: Parameters): void {
  const type = parameters.get('response_type');
  if (type === undefined) throw new Refusal('parameter-missing', { parameter: 'response_type' });
  if (type !== 'code') throw new Refusal('response-type', { type });
}

function checkChallenge(policy: AuthorizePolicy, client: LocalClient, parameters: Parameters): Challenge | undefined {
  const value = parameters.get('code_challenge');
  if (value === undefined) {
    if (client.challengeRequired) throw new Refusal('challenge-missing', { parameter: 'code_challenge' });
    return undefined;
  }
  // RFC 7636 4.3: without a method it is `plain`.
  const asked = parameters.get('code_challenge_method') ?? 'plain';
  const method = policy.challengeMethods.find((known) => known === asked);
  if (method === undefined || !/^[A-Za-z0-9\-._~]{43,128}$/.test(value)) throw new Refusal('challenge-method');
  return { value, method };
}

function checkStateAndNonce(policy: AuthorizePolicy, client: LocalClient, parameters: Parameters): void {
  if (policy.stateAndNonce === 'optional' || !client.authMethods.includes('none')) return;
  for (const parameter of ['state', 'nonce']) {
    if (!parameters.has(parameter)) throw new Refusal('parameter-missing', { parameter });
  }
}

/** RFC 8707 2: absolute URIs without fragment. */
function checkResource({ realm }: ClientSite, policy: AuthorizePolicy, parameters: Parameters): readonly string[] {
  const resource = parameters.get('resource');
  if (resource === undefined) return [];
  if (policy.resource === 'refused') throw new Refusal('resource-refused', { parameter: 'resource' });
  const several = realm.persona.repeatable?.includes('resource') === true;
  const resources = several ? [...new Set(resource.split('\n'))] : [resource];
  if (!resources.every((each) => isResource(each))) throw new Refusal('resource-malformed', { parameter: 'resource' });
  return resources;
}

/** Whether a text can name an API (RFC 8707 2). */
export function isResource(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:[^\s#]+$/i.test(text);
}

function maxAgeOf(client: LocalClient, parameters: Parameters): number | undefined {
  const text = parameters.get('max_age');
  if (text === undefined) return client.openid?.defaultMaxAge;
  if (!/^\d{1,9}$/.test(text)) throw new Refusal('max-age-malformed', { parameter: 'max_age' });
  return Number(text);
}
