import { isAlgorithm } from '../../oauth/algorithms.ts';
import { JoseError, parseCompactJws } from '../../oauth/jws.ts';
import { checkClaims, checkJwsSignature } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import { POLICIES } from '../../oauth/policy.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import { APPLICATION } from './identities.ts';
import { inactiveText, PayloadRefused } from './inactive-text.ts';
import type { Played } from './places.ts';
import type { Desk } from './proof.ts';
import { answerWith } from './sidecar-answers.ts';

const AUDIENCES: Readonly<Record<Played, readonly string[] | undefined>> = {
  entra_id: [APPLICATION.entraClientId],
  tokenx: [APPLICATION.name],
  idporten: [APPLICATION.audience],
  maskinporten: undefined,
};

/** What a sidecar says of a token (sidecar-sdk.md 3.5). */
export function introspect(desk: Desk, provider: Played, token: string): Response {
  try {
    const claims = Object.entries(claimsOf(desk, provider, token));
    const kept = claims.filter(([name]) => name !== 'active' && name !== 'error');
    return answerWith(200, { active: true, ...Object.fromEntries(kept) });
  } catch (error) {
    if (!(error instanceof JoseError || error instanceof PayloadRefused)) throw error;
    return answerWith(200, { active: false, error: inactiveText(error) });
  }
}

/** In the order of sidecar-sdk.md 2.2. */
function claimsOf(desk: Desk, provider: Played, token: string): Claims {
  const { algorithms, leewaySeconds } = POLICIES.texas;
  const jws = parseCompactJws(token);
  if (!isAlgorithm(jws.header.alg)) throw new JoseError('header_refused', 'the algorithm is not known');
  if (jws.payload.length === 0) throw new JoseError('token_malformed', 'a segment is empty');
  checkJwsSignature(jws, desk.keys.verificationKeys(provider), { algorithms, kidRequired: true });
  const claims = payloadOf(jws.payload);
  const audience = AUDIENCES[provider];
  checkClaims(claims, {
    now: desk.now(),
    skewSeconds: leewaySeconds,
    issuer: desk.places[provider].issuer,
    ...(audience === undefined ? {} : { audience }),
  });
  return claims;
}

function payloadOf(payload: Uint8Array): Claims {
  try {
    const claims = parseStrictJson(payload);
    if (isJsonObject(claims)) return claims;
  } catch {
    // Refused below, like any other payload that is not an object.
  }
  throw new PayloadRefused();
}

/** Whether it is a provider of the issuer. */
export function isPlayed(name: string): name is Played {
  return Object.hasOwn(AUDIENCES, name);
}
