import { CLIENT_ASSERTION_TYPE } from '../../oauth/client-assertion.ts';
import type { VerificationKey } from '../../oauth/jwk.ts';
import { JoseError } from '../../oauth/jws.ts';
import { checkClaims, parseJwt, stringClaim, verifyJwtSignature } from '../../oauth/jwt.ts';
import type { Claims, ClaimRules } from '../../oauth/jwt.ts';
import type { Mint } from './mint.ts';
import { RefusedGrant, required } from './refused-grant.ts';

/** What token endpoints work with: how tokens are made, and how the application under test proves itself. */
export interface Desk extends Mint {
  readonly applicationKeys: readonly VerificationKey[];
  /** `jti` of every assertion that was taken. */
  readonly usedAssertions: Set<string>;
}

/** What one assertion has to be. */
interface AssertionRules {
  readonly clientId: string;
  readonly audience: string;
  /** The code of what is wrong with it. */
  readonly error: 'invalid_client' | 'invalid_grant';
  /** Claims beside those every assertion has. */
  readonly required: readonly string[];
}

const SKEW_SECONDS = 10;
const MAX_LIFETIME_SECONDS = 120;

/** Client authentication by assertion (RFC 7523 2.2, 3). Throws RefusedGrant. */
export function checkClient(
  desk: Desk,
  form: URLSearchParams,
  client: Pick<AssertionRules, 'clientId' | 'audience'>,
): void {
  required(form, 'client_assertion_type', CLIENT_ASSERTION_TYPE);
  const assertion = required(form, 'client_assertion');
  const claims = checkAssertion(desk, assertion, { ...client, error: 'invalid_client', required: ['sub'] });
  if (claims['sub'] !== client.clientId)
    throw new RefusedGrant('invalid_client', 'sub of the assertion is not the client');
}

/** An assertion of the application under test: signed by it, short-lived, for this provider alone, never seen before. */
export function checkAssertion(desk: Desk, assertion: string, rules: AssertionRules): Claims {
  const { clientId: issuer, audience, error, required: wanted } = rules;
  const claims = refusing(error, 'the assertion', () =>
    verified(assertion, desk.applicationKeys, {
      now: desk.now(),
      skewSeconds: SKEW_SECONDS,
      issuer,
      audience: [audience],
      required: ['jti', ...wanted],
      maxLifetimeSeconds: MAX_LIFETIME_SECONDS,
    }),
  );
  if (claims['aud'] !== audience)
    throw new RefusedGrant(error, 'aud of the assertion has to be the issuer and nothing else');
  const jti = stringClaim(claims, 'jti') ?? '';
  if (desk.usedAssertions.has(jti)) throw new RefusedGrant(error, 'the assertion was used before');
  desk.usedAssertions.add(jti);
  return claims;
}

/** Somebody's token, sent to be exchanged. Throws RefusedGrant `invalid_grant`. */
export function checkSubject(desk: Desk, token: string, rules: Omit<ClaimRules, 'now' | 'skewSeconds'>): Claims {
  const provider = Object.entries(desk.places).find(([, { issuer }]) => issuer === rules.issuer)?.[0];
  const keys =
    provider === 'entra_id' || provider === 'tokenx' || provider === 'idporten'
      ? desk.keys.verificationKeys(provider)
      : [];
  return refusing('invalid_grant', 'the token of the user', () =>
    verified(token, keys, { ...rules, now: desk.now(), skewSeconds: SKEW_SECONDS }),
  );
}

/** The `iss` of a token that nobody has judged. Throws RefusedGrant `invalid_grant`. */
export function issuerOf(token: string): string | undefined {
  return refusing('invalid_grant', 'the token of the user', () => stringClaim(parseJwt(token).claims, 'iss'));
}

function verified(token: string, keys: readonly VerificationKey[], rules: ClaimRules): Claims {
  const { claims } = verifyJwtSignature(parseJwt(token), keys, { algorithms: ['RS256'], kidRequired: true });
  checkClaims(claims, rules);
  return claims;
}

function refusing<T>(error: string, what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof JoseError) throw new RefusedGrant(error, `${what} is refused: ${cause.message}`);
    throw cause;
  }
}
