import { createHash } from 'node:crypto';
import { digestOf } from '../../oauth/algorithms.ts';
import type { Algorithm } from '../../oauth/algorithms.ts';
import { makeOpaqueToken, noteAccessToken } from '../engine/access-tokens.ts';
import { isResource } from '../engine/authorization-request.ts';
import { signToken } from '../engine/issue.ts';
import { narrowScopes } from '../engine/narrow-scopes.ts';
import { Refusal } from '../engine/refusal.ts';
import type { UserGrant } from '../engine/user-grant.ts';

import type { ClientCall, TokenAnswer, UserTokenRequest } from '../persona.ts';
import { subjectOf, wantedInIdToken } from './generic-claims.ts';
import { algorithmsOf, registrationOf } from './generic-client.ts';
import type { GenericSettings } from './generic-settings.ts';

/** Grant `client_credentials` (RFC 6749 4.4): scopes that the client registered, all of them unless it asks for fewer. */
export function clientCredentialsGrant(settings: GenericSettings): (call: ClientCall) => Promise<TokenAnswer> {
  return async (call) => {
    const { client, form } = call;
    const registered = registrationOf(client).scopes?.filter((scope) => !settings.scopes.includes(scope)) ?? [];
    const scopes = narrowScopes(registered, form.get('scope'));
    const { token, expiresIn } = await signAccessToken(settings, call, {
      sub: client.id,
      aud: audienceOf(call, []),
      scopes,
    });
    return bearerAnswer(token, expiresIn, scopes);
  };
}

/** ID token (OpenID Connect Core 2) and access token (RFC 9068 2.2, or opaque) of a person. Without `openid` there is no ID token. */
export function issueGenericTokens(settings: GenericSettings): (request: UserTokenRequest) => Promise<TokenAnswer> {
  return async ({ call, grant, scope }) => {
    const { realm, client } = call;
    const scopes = narrowScopes(grant.scopes, scope);
    const access = await signAccessToken(
      settings,
      call,
      {
        sub: subjectOf(settings, realm, client.id, grant.pid),
        aud: audienceOf(call, grant.resource),
        scopes,
        auth_time: grant.authTime,
        acr: grant.acr,
      },
      grant,
    );
    const answer = bearerAnswer(access.token, access.expiresIn, scopes);
    if (!scopes.includes('openid')) return answer;
    return { ...answer, id_token: await signIdToken(settings, call, grant, access.token) };
  };
}

function bearerAnswer(token: string, expiresIn: number, scopes: readonly string[]): TokenAnswer {
  return {
    access_token: token,
    token_type: 'Bearer',
    expires_in: expiresIn,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  };
}

interface AccessTokenFacts {
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly scopes: readonly string[];
  readonly auth_time?: number;
  readonly acr?: string;
}

async function signAccessToken(
  settings: GenericSettings,
  call: ClientCall,
  { scopes, ...facts }: AccessTokenFacts,
  grant?: UserGrant,
): Promise<{ readonly token: string; readonly expiresIn: number }> {
  const { realm, client, place } = call;
  const now = Math.floor(realm.now());
  const jti = realm.random(16);
  const claims = {
    iss: place.issuer,
    ...facts,
    client_id: client.id,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    iat: now,
    exp: now + settings.accessTokenSeconds,
    jti,
  };
  if (grant !== undefined) await noteAccessToken(realm, jti, grant, settings.accessTokenSeconds);
  if (registrationOf(client).accessTokenFormat === 'opaque') {
    return { token: await makeOpaqueToken(realm, client.id, claims), expiresIn: settings.accessTokenSeconds };
  }
  const alg = algorithmsOf(settings, client).access;
  const token = await signToken(realm, {
    kind: 'access',
    client: client.id,
    grant,
    header: { typ: 'at+jwt' },
    claims,
    alg,
  });
  return { token, expiresIn: settings.accessTokenSeconds };
}

async function signIdToken(
  settings: GenericSettings,
  call: ClientCall,
  grant: UserGrant,
  accessToken: string,
): Promise<string> {
  const { realm, client, place } = call;
  const now = Math.floor(realm.now());
  const alg = algorithmsOf(settings, client).id;
  const claims = {
    iss: place.issuer,
    sub: subjectOf(settings, realm, client.id, grant.pid),
    aud: client.id,
    iat: now,
    exp: now + settings.idTokenSeconds,
    auth_time: grant.authTime,
    ...(grant.nonce === undefined ? {} : { nonce: grant.nonce }),
    ...(client.sessionNamed ? { sid: grant.sid } : {}),
    acr: grant.acr,
    amr: grant.amr,
    ...wantedInIdToken(realm, grant),
    ...(settings.atHash ? { at_hash: leftHalf(alg, accessToken) } : {}),
  };
  return await signToken(realm, { kind: 'id', client: client.id, grant, claims, alg });
}

/** OpenID Connect Core 3.1.3.6: the left half of the digest that the ID token's own algorithm uses. */
function leftHalf(alg: Algorithm, accessToken: string): string {
  const digest = createHash(digestOf(alg)).update(accessToken).digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}

/** RFC 8707 2.2: what was asked for now, within what was asked for then; the issuer itself where nobody asked. */
function audienceOf({ form, place }: ClientCall, granted: readonly string[]): string | readonly string[] {
  const asked = [...new Set(form.all('resource'))];
  if (!asked.every((each) => isResource(each))) throw new Refusal('resource-malformed', { parameter: 'resource' });
  if (granted.length > 0 && !asked.every((each) => granted.includes(each))) {
    throw new Refusal('resource-refused', { parameter: 'resource' });
  }
  const audience = asked.length > 0 ? asked : granted;
  return audience.length > 1 ? audience : (audience[0] ?? place.issuer);
}
