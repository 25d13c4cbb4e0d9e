import { CLIENT_ASSERTION_TYPE } from '../../oauth/client-assertion.ts';
import type { VerificationKey } from '../../oauth/jwk.ts';
import { JoseError } from '../../oauth/jws.ts';
import type { JoseErrorCode } from '../../oauth/jws.ts';
import { checkClaims, parseJwt, stringClaim, verifyJwtSignature } from '../../oauth/jwt.ts';
import type { Claims, ClaimRules } from '../../oauth/jwt.ts';
import type { Mint } from './mint.ts';
import { RefusedGrant, required } from './refused-grant.ts';
import type { FaultName } from './refused-grant.ts';

/** What token endpoints work with: how tokens are made, and how the application under test proves itself. */
export interface Desk extends Mint {
  readonly applicationKeys: readonly VerificationKey[];
  /** `jti` of every assertion that was taken. */
  readonly usedAssertions: Set<string>;
}

/** What is wrong with an assertion or a token; `claim` where one is missing or of no use. */
export interface ProofFault {
  readonly code: JoseErrorCode | 'subject_mismatch' | 'assertion_used';
  readonly claim?: string | undefined;
}

/** What a provider calls it. */
export type NameFault = (fault: ProofFault) => FaultName;

/** What one assertion has to be. */
interface AssertionRules {
  readonly clientId: string;
  readonly audience: string;
  readonly named: NameFault;
  /** Claims beside those every assertion has. */
  readonly required: readonly string[];
}

const SKEW_SECONDS = 10;
const MAX_LIFETIME_SECONDS = 120;

/** Client authentication by assertion (RFC 7523 2.2, 3). Throws RefusedGrant. A type of assertion that nobody knows proves nothing. */
export function checkClient(
  desk: Desk,
  form: URLSearchParams,
  client: Pick<AssertionRules, 'clientId' | 'audience' | 'named'>,
): void {
  const type = required(form, 'client_assertion_type');
  const assertion = required(form, 'client_assertion');
  if (type !== CLIENT_ASSERTION_TYPE)
    throw new RefusedGrant('invalid_client', `client_assertion_type has to be ${CLIENT_ASSERTION_TYPE}`);
  const claims = checkAssertion(desk, assertion, { ...client, required: ['sub'] });
  if (claims['sub'] !== client.clientId)
    throw new RefusedGrant(client.named({ code: 'subject_mismatch' }), 'sub of the assertion is not the client');
}

/** An assertion of the application under test: signed by it, short-lived, for this provider alone, never seen before. */
export function checkAssertion(desk: Desk, assertion: string, rules: AssertionRules): Claims {
  const { clientId: issuer, audience, named, required: wanted } = rules;
  const claims = refusing(named, 'the assertion', () =>
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
    throw new RefusedGrant(
      named({ code: 'audience_mismatch' }),
      'aud of the assertion has to be the issuer and nothing else',
    );
  const jti = stringClaim(claims, 'jti') ?? '';
  if (desk.usedAssertions.has(jti))
    throw new RefusedGrant(named({ code: 'assertion_used' }), 'the assertion was used before');
  desk.usedAssertions.add(jti);
  return claims;
}

/** What somebody's token has to be. */
interface SubjectRules extends Omit<ClaimRules, 'now' | 'skewSeconds'> {
  readonly named: NameFault;
}

/** Somebody's token, sent to be exchanged. Throws RefusedGrant. */
export function checkSubject(desk: Desk, token: string, { named, ...rules }: SubjectRules): Claims {
  const provider = Object.entries(desk.places).find(([, { issuer }]) => issuer === rules.issuer)?.[0];
  const keys =
    provider === 'entra_id' || provider === 'tokenx' || provider === 'idporten'
      ? desk.keys.verificationKeys(provider)
      : [];
  return refusing(named, 'the token of the user', () =>
    verified(token, keys, { ...rules, now: desk.now(), skewSeconds: SKEW_SECONDS }),
  );
}

/** The `iss` of a token that nobody has judged. Throws RefusedGrant. */
export function issuerOf(token: string, named: NameFault): string | undefined {
  return refusing(named, 'the token of the user', () => stringClaim(parseJwt(token).claims, 'iss'));
}

function verified(token: string, keys: readonly VerificationKey[], rules: ClaimRules): Claims {
  const { claims } = verifyJwtSignature(parseJwt(token), keys, { algorithms: ['RS256'], kidRequired: true });
  checkClaims(claims, rules);
  return claims;
}

function refusing<T>(named: NameFault, what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof JoseError) throw new RefusedGrant(named(cause), `${what} is refused: ${cause.message}`);
    throw cause;
  }
}
