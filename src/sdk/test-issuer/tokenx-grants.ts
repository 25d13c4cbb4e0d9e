import { GRANT, TOKEN_TYPE } from '../../oauth/client-assertion.ts';
import { numberClaim, stringClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { RECIPES } from './claims.ts';
import { APPLICATION } from './identities.ts';
import { mintToken } from './mint.ts';
import { checkClient, checkSubject, issuerOf } from './proof.ts';
import type { Desk } from './proof.ts';
import { RefusedGrant, required } from './refused-grant.ts';
import type { FaultName } from './refused-grant.ts';

const COPIED = ['acr', 'pid', 'auth_time', 'idtyp'];
const TYPES: ReadonlySet<string> = new Set([TOKEN_TYPE.jwt, TOKEN_TYPE.accessToken]);
/** What only ID tokens have (OpenID Connect Core 2, 3.1.3.6, 3.3.2.11). */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash'];

/** TokenX: the user's token for another application (RFC 8693 2.1). Throws RefusedGrant. */
export function tokenxToken(desk: Desk, form: URLSearchParams): string {
  const { name: clientId } = APPLICATION;
  const grant = required(form, 'grant_type');
  if (grant !== GRANT.tokenExchange) throw new RefusedGrant('unsupported_grant_type', `no ${grant} here`);
  checkClient(desk, form, { clientId, audience: desk.places.tokenx.issuer, named: badClient });
  const subject = required(form, 'subject_token');
  const type = required(form, 'subject_token_type');
  const aud = required(form, 'audience');
  if (aud.split(':').length !== 3) throw new RefusedGrant('invalid_target', 'audience has to be cluster:namespace:app');
  if (!TYPES.has(type)) throw new RefusedGrant('invalid_request', 'subject_token_type has to be jwt or access_token');
  const user = userOf(desk, subject);
  const copied = Object.entries(user).filter(([name]) => COPIED.includes(name));
  const idp = stringClaim(user, 'idp') ?? user['iss'];
  const caller = { client_id: clientId, azp: clientId, act: actorOf(clientId, user) };
  const claims = { aud, sub: user['sub'], idp, ...caller, ...Object.fromEntries(copied) };
  const left = (numberClaim(user, 'exp') ?? 0) - Math.floor(desk.now());
  return mintToken(desk, 'tokenx', {
    claims,
    without: COPIED.filter((name) => !Object.hasOwn(user, name)),
    expiresInSeconds: Math.max(1, Math.min(RECIPES.tokenx.lifetimeSeconds, left)),
  });
}

/** Who acts, and before whom others did (RFC 8693 4.1). */
function actorOf(sub: string, { act }: Claims): object {
  return act === undefined ? { sub } : { sub, act };
}

function badClient(): FaultName {
  return { error: 'invalid_client' };
}

/** Whatever is wrong with a subject token is wrong with the request (RFC 8693 2.2.2). */
function badSubject(): FaultName {
  return { error: 'invalid_request' };
}

/** A user by ID-porten, or whoever TokenX itself spoke of to this very application; never an ID token. */
function userOf(desk: Desk, token: string): Claims {
  const { tokenx, idporten } = desk.places;
  const issuer = issuerOf(token, badSubject);
  if (issuer !== tokenx.issuer && issuer !== idporten.issuer) {
    throw new RefusedGrant(badSubject(), 'the token of the user is of an issuer that is not trusted here');
  }
  const audience = issuer === tokenx.issuer ? { audience: [APPLICATION.name] } : {};
  const user = checkSubject(desk, token, { issuer, ...audience, required: ['sub'], named: badSubject });
  const idToken = ID_TOKEN_CLAIMS.some((name) => Object.hasOwn(user, name));
  if (Object.hasOwn(user, 'client_id') && !idToken) return user;
  throw new RefusedGrant(badSubject(), 'the token of the user is no access token');
}
