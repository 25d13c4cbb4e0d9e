import type { Algorithm } from '../../oauth/algorithms.ts';
import { decodeBase64Url } from '../../oauth/base64url.ts';
import type { PublicJwk } from '../../oauth/jwk.ts';
import { JoseError, verifySignatureOffThread } from '../../oauth/jws.ts';
import type { JwsHeader } from '../../oauth/jws.ts';
import { parseJwt, stringClaim } from '../../oauth/jwt.ts';
import type { UnverifiedJwt } from '../../oauth/jwt.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import type { ClientKeys } from './client-keys.ts';
import { Refusal } from './refusal.ts';

/** How an assertion may look before a key is tried on it. */
export interface AssertionShape {
  readonly algorithms: readonly Algorithm[];
  readonly types: 'jwt' | 'any';
}

/** Takes an assertion apart. Throws `assertion-malformed`, for an algorithm outside the list too. */
export function parseAssertion(token: string, shape: AssertionShape): UnverifiedJwt {
  const types = ['JWT', 'client-authentication+jwt', ...(shape.types === 'any' ? typeOf(token) : [])];
  const jwt = parseOrRefuse(token, types);
  if (!shape.algorithms.some((algorithm) => algorithm === jwt.header.alg)) {
    throw new Refusal('assertion-malformed', { why: 'algorithm not accepted' });
  }
  return jwt;
}

/** Whether one of the keys signed the assertion. */
export async function isSignedBy(jwt: UnverifiedJwt, named: readonly PublicJwk[], keys: ClientKeys): Promise<boolean> {
  for (const jwk of named) {
    const key = keys.imported(jwk);
    if (key !== undefined && (await verifySignatureOffThread(jwt.jws, key))) return true;
  }
  return false;
}

/** The registered keys an assertion header points at, by `kid` alone or by certificate thumbprints too; undefined when it names none. */
export function keysNamedBy(
  header: JwsHeader,
  registered: readonly PublicJwk[],
  by: 'kid' | ClientKeys['thumbprints'],
): readonly PublicJwk[] | undefined {
  const { kid } = header;
  if (by === 'kid') return kid === undefined ? undefined : registered.filter((key) => key.kid === kid);
  const sha1 = stringClaim(header, 'x5t');
  const sha256 = stringClaim(header, 'x5t#S256');
  if (kid === undefined && sha1 === undefined && sha256 === undefined) return undefined;
  return registered.filter((key) => {
    const own = by(key);
    if (sha256 !== undefined) return own.sha256 === unpadded(sha256);
    if (sha1 !== undefined) return own.sha1 === unpadded(sha1);
    return kid === key.kid || kid === own.sha1 || kid?.toLowerCase() === hexOf(own.sha1);
  });
}

function parseOrRefuse(token: string, types: readonly string[]): UnverifiedJwt {
  try {
    return parseJwt(token, { types, allow: ['x5c'] });
  } catch (error) {
    if (error instanceof JoseError) throw new Refusal('assertion-malformed', { why: error.message });
    throw error;
  }
}

/** Entra leaves `typ` to the caller, so whatever it says is allowed here. */
function typeOf(token: string): readonly string[] {
  try {
    const header: unknown = JSON.parse(decodeBase64Url(token.slice(0, token.indexOf('.')))?.toString() ?? '');
    const typ = isJsonObject(header) ? stringClaim(header, 'typ') : undefined;
    return typ === undefined ? [] : [typ];
  } catch {
    return []; // the strict parser will say what is wrong
  }
}

/** Older libraries send the thumbprint as padded base64. */
function unpadded(thumbprint: string): string {
  return Buffer.from(thumbprint, 'base64').toString('base64url');
}

function hexOf(thumbprint: string | undefined): string | undefined {
  return thumbprint === undefined ? undefined : Buffer.from(thumbprint, 'base64url').toString('hex');
}
