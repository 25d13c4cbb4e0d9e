import { GRANT, TOKEN_TYPE } from '../../oauth/client-assertion.ts';
import { numberClaim, stringClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { RECIPES } from './claims.ts';
import { APPLICATION } from './identities.ts';
import { mintToken } from './mint.ts';
import { checkClient, checkSubject, issuerOf } from './proof.ts';
import type { Desk } from './proof.ts';
import { RefusedGrant, required } from './refused-grant.ts';

const COPIED = ['acr', 'pid', 'auth_time'];
const TYPES: ReadonlySet<string> = new Set([TOKEN_TYPE.jwt, TOKEN_TYPE.accessToken]);

/** TokenX: the user's token for another application (RFC 8693 2.1). Throws RefusedGrant. */
export function tokenxToken(desk: Desk, form: URLSearchParams): string {
  const { name: clientId } = APPLICATION;
  const grant = required(form, 'grant_type');
  if (grant !== GRANT.tokenExchange) throw new RefusedGrant('unsupported_grant_type', `no ${grant} here`);
  checkClient(desk, form, { clientId, audience: desk.places.tokenx.issuer });
  if (!TYPES.has(required(form, 'subject_token_type'))) {
    throw new RefusedGrant('invalid_request', 'subject_token_type has to be jwt or access_token');
  }
  const aud = required(form, 'audience');
  if (aud.split(':').length !== 3) throw new RefusedGrant('invalid_target', 'audience has to be cluster:namespace:app');
  const user = userOf(desk, required(form, 'subject_token'));
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

/** A user by ID-porten, or by TokenX itself for this very application; never an ID token. */
function userOf(desk: Desk, token: string): Claims {
  const { tokenx, idporten } = desk.places;
  const issuer = issuerOf(token);
  if (issuer !== tokenx.issuer && issuer !== idporten.issuer) {
    throw new RefusedGrant('invalid_grant', 'the token of the user is of an issuer that is not trusted here');
  }
  const audience = issuer === tokenx.issuer ? { audience: [APPLICATION.name] } : {};
  const user = checkSubject(desk, token, { issuer, ...audience, required: ['sub'] });
  if (Object.hasOwn(user, 'client_id') && user['idtyp'] !== 'app') return user;
  throw new RefusedGrant('invalid_grant', 'the token of the user is no access token of a user');
}
