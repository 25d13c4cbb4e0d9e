import { JoseError } from '../../oauth/jws.ts';
import { checkClaims, parseJwt, verifyJwtSignature } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { APPLICATION } from './identities.ts';
import type { Played } from './places.ts';
import type { Desk } from './proof.ts';

const LEEWAY_SECONDS = 60;
const AUDIENCES: Readonly<Record<Played, readonly string[] | undefined>> = {
  entra_id: [APPLICATION.entraClientId],
  tokenx: [APPLICATION.name],
  idporten: [APPLICATION.audience],
  maskinporten: undefined,
};

/** What a sidecar says of a token (sidecar-sdk.md 3.5). */
export function introspect(desk: Desk, provider: string, token: unknown): Response {
  if (!isPlayed(provider)) return inactive(`identity provider ${provider} is not enabled`);
  try {
    return Response.json({ ...claimsOf(desk, provider, token), active: true });
  } catch (error) {
    if (error instanceof JoseError) return inactive(`invalid token: ${error.message}`);
    throw error;
  }
}

function claimsOf(desk: Desk, provider: Played, token: unknown): Claims {
  const keys = desk.keys.verificationKeys(provider);
  const { claims } = verifyJwtSignature(parseJwt(token), keys, { algorithms: ['RS256'], kidRequired: true });
  const audience = AUDIENCES[provider];
  checkClaims(claims, {
    now: desk.now(),
    skewSeconds: LEEWAY_SECONDS,
    issuer: desk.places[provider].issuer,
    ...(audience === undefined ? {} : { audience }),
  });
  return claims;
}

function inactive(error: string): Response {
  return Response.json({ active: false, error });
}

function isPlayed(name: string): name is Played {
  return Object.hasOwn(AUDIENCES, name);
}
