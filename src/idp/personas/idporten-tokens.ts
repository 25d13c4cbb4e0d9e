import { randomBytes } from 'node:crypto';
import { rowOf } from '../engine/client.ts';
import { signToken } from '../engine/issue.ts';
import { Refusal } from '../engine/refusal.ts';
import { noteAccessToken } from '../engine/access-tokens.ts';
import type { TokenAnswer, UserTokenRequest } from '../persona.ts';

const ID_TOKEN_SECONDS = 120;

/** ID token and access token of ID-porten, exactly the claims it has: no `at_hash`, no `aud` without `resource`. */
export async function issueIdportenTokens(request: UserTokenRequest): Promise<TokenAnswer> {
  const { call, grant } = request;
  const { realm, client } = call;
  const registration = rowOf(client).registration;
  if (registration.provider !== 'idporten') throw new TypeError('not an ID-porten client');
  const now = Math.floor(realm.now());
  const scope = narrow(grant.scopes, request.scope);
  const lifetime = Math.min(
    registration.accessTokenLifetime,
    grant.startedAt + registration.authorizationLifetime - now,
  );
  if (lifetime <= 0) throw new Refusal('refresh-expired');
  const shared = { iss: call.place.issuer, sub: subjectOf(request), pid: grant.pid, acr: grant.acr, iat: now };
  const jti = randomBytes(8).toString('base64url');
  const accessClaims = {
    ...shared,
    client_id: client.id,
    client_amr: call.method,
    scope,
    consumer: { authority: 'iso6523-actorid-upis', ID: `0192:${registration.orgno}` },
    token_type: 'Bearer',
    ...(grant.resource.length === 0 ? {} : { aud: grant.resource.length === 1 ? grant.resource[0] : grant.resource }),
    exp: now + lifetime,
    jti,
  };
  const shown = { client: client.id, grant };
  const [idToken, accessToken] = await Promise.all([
    signToken(realm, { ...shown, kind: 'id', claims: idTokenClaims(request, shared) }),
    signToken(realm, { ...shown, kind: 'access', claims: accessClaims }),
  ]);
  await noteAccessToken(realm, jti, grant, lifetime);
  return { access_token: accessToken, id_token: idToken, token_type: 'Bearer', expires_in: lifetime, scope };
}

/** Only the five-part shape of a JWE: opaque, readable by nobody. */
export function makeIdportenRefreshToken(): string {
  const header = Buffer.from(JSON.stringify({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })).toString('base64url');
  return [header, ...[43, 12, 96, 16].map((length) => randomBytes(length).toString('base64url'))].join('.');
}

function idTokenClaims({ call, grant }: UserTokenRequest, shared: { readonly iat: number }): Record<string, unknown> {
  return {
    ...shared,
    aud: call.client.id,
    amr: grant.amr,
    auth_time: grant.authTime,
    exp: shared.iat + ID_TOKEN_SECONDS,
    jti: randomBytes(8).toString('base64url'),
    locale: call.realm.people.find(grant.pid)?.locale ?? 'nb',
    ...(grant.nonce === undefined ? {} : { nonce: grant.nonce }),
    ...(call.client.sessionNamed ? { sid: grant.sid } : {}),
  };
}

/** Pairwise: another name for the same person at every client. */
function subjectOf({ call, grant }: UserTokenRequest): string {
  return call.realm.seed.name('idporten', 'sub', call.client.id, grant.pid);
}

/** A refresh may ask for less, never for more (RFC 6749 6). */
function narrow(granted: readonly string[], asked: string | undefined): string {
  if (asked === undefined) return granted.join(' ');
  const scopes = asked.split(' ').filter((scope) => scope !== '');
  const more = scopes.find((scope) => !granted.includes(scope));
  if (more !== undefined) throw new Refusal('scope-unknown', { scope: more });
  return scopes.join(' ');
}
