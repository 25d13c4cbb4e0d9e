import { normaliseType } from '../../oauth/jws-header.ts';
import { stringClaim } from '../../oauth/jwt.ts';
import type { Claims as RawClaims } from '../../oauth/jwt.ts';
import { AuthError } from '../auth-error.ts';
import type { ShapeName } from './claim-shapes.ts';
import type { Provider } from '../principal.ts';

const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash'];

function refuseType(explanation: string): never {
  throw new AuthError('type_refused', { explanation });
}

function isMachine(claims: RawClaims): boolean {
  return stringClaim(claims, 'idtyp') === 'app';
}

function has(claims: RawClaims, ...names: readonly string[]): boolean {
  return names.every((name) => Object.hasOwn(claims, name));
}

function classifyEntra(claims: RawClaims): ShapeName {
  // An ID token has the same audience as an access token of the application itself; only these claims tell them apart.
  if (has(claims, 'nonce')) return refuseType('this is an ID token, and an access token is needed');
  if (isMachine(claims)) return 'entra-machine';
  const scp = Object.hasOwn(claims, 'scp') ? claims['scp'] : '';
  return scp === '' ? refuseType('neither scp nor idtyp says that this is an access token') : 'entra-user';
}

/** A generic issuer has no claims of its own to tell its tokens apart, but what only ID tokens carry gives them away. */
function classifyGeneric(claims: RawClaims, typ: string | undefined): ShapeName {
  const isAccessToken = typ !== undefined && normaliseType(typ) === 'at+jwt';
  if (isAccessToken || !ID_TOKEN_CLAIMS.some((name) => has(claims, name))) return 'oidc';
  return refuseType('this is an ID token, and an access token is needed');
}

/**
 * Which kind of access token this is (sidecar-sdk.md 2.4). Throws AuthError `type_refused` for what is no access token
 * of this provider, an ID token above all. `typ` is that of the header (RFC 9068 section 2.1).
 */
export function classify(provider: Provider, claims: RawClaims, typ?: string): ShapeName {
  switch (provider) {
    case 'entra_id':
      return classifyEntra(claims);
    case 'tokenx':
      if (!has(claims, 'client_id')) return refuseType('client_id is missing: not an access token of TokenX');
      return isMachine(claims) ? 'tokenx-machine' : 'tokenx-user';
    case 'idporten':
      if (has(claims, 'client_id', 'scope') && !has(claims, 'nonce')) return 'idporten';
      return refuseType('this is not an access token of ID-porten; an ID token is not accepted');
    case 'maskinporten':
      if (has(claims, 'client_id', 'scope', 'consumer')) return 'maskinporten';
      return refuseType('client_id, scope or consumer is missing: not an access token of Maskinporten');
    default:
      return classifyGeneric(claims, typ);
  }
}
