import { CLIENT_ASSERTION_TYPE } from '../../oauth/client-assertion.ts';
import type { VerificationKey } from '../../oauth/jwk.ts';
import { checkType } from '../../oauth/jws-header.ts';
import { JoseError, verifySignature } from '../../oauth/jws.ts';
import { withoutAmbiguous } from '../../oauth/jwks-document.ts';
import { parseJwt, stringClaim, verifyJwtSignature } from '../../oauth/jwt.ts';
import type { UnverifiedJwt } from '../../oauth/jwt.ts';
import type { OAuthError } from '../../oauth/errors.ts';
import type { AppId } from '../../registry/app-id.ts';
import type { Snapshot } from '../../registry/model.ts';
import type { Form } from '../../web/forms.ts';
import { CLIENT_ALGORITHMS } from './client-keys.ts';
import type { ClientKeys } from './client-keys.ts';
import { decoyKey } from './decoy-key.ts';
import { refuse } from '../errors.ts';
import type { ErrorProfile } from '../errors.ts';
import { shown } from '../shown.ts';
import { requireParameter } from '../request/token-form.ts';

declare const authenticated: unique symbol;

/** Who calls, proven. Only {@link verifyAssertion} makes one; nothing but this reaches policy. */
export interface Principal {
  readonly clientId: AppId;
  readonly method: 'private_key_jwt';
  readonly keyId: string | undefined;
  readonly [authenticated]: true;
}

/** A client assertion (RFC 7523 2.2) and the client it claims to be; nothing is proven. */
export interface ClaimedAssertion {
  readonly jwt: UnverifiedJwt;
  readonly claimedClient: string;
}

/** The registered client an assertion points to, with the keys that could have signed it; unknown clients have none. */
export interface Candidate {
  readonly assertion: ClaimedAssertion;
  readonly clientId: AppId | undefined;
  readonly keys: readonly VerificationKey[];
  /** For the audit log: why there is nobody to believe. */
  readonly doubt: string | undefined;
}

/** Longer than any app id. What is claimed is a key of buckets and stands in the audit log before it is proven. */
const MAX_CLIENT_CHARACTERS = 255;

const TYPES = ['JWT', 'client-authentication+jwt'];

/** Step 4: exactly one method of authentication, and its parameters (RFC 6749 2.3, RFC 7521 4.2). Returns the assertion. */
export function readPresentedAssertion(form: Form, authorization: string | undefined, profile: ErrorProfile): string {
  const basic = authorization !== undefined && /^basic\b/i.test(authorization);
  const asserts = form.get('client_assertion') !== undefined || form.get('client_assertion_type') !== undefined;
  const methods = [asserts, form.get('client_secret') !== undefined, basic].filter(Boolean).length;
  if (methods > 1) throw refuse('client-auth-multiple', 'more than one method of client authentication was used');
  if (!asserts) {
    if (methods === 0 && profile === 'tokendings') requireParameter(form, 'client_assertion_type');
    const headers = basic ? { 'WWW-Authenticate': 'Basic realm="token"' } : {};
    throw refuse('client-auth-missing', 'authenticate with a client assertion', { headers });
  }
  const assertion = requireParameter(form, 'client_assertion');
  if (requireParameter(form, 'client_assertion_type') !== CLIENT_ASSERTION_TYPE) {
    throw refuse('client-assertion-type', 'client authentication failed: client_assertion_type is not accepted');
  }
  return assertion;
}

/**
 * Step 5: the assertion parses; its `sub` and `client_id`, if that was sent, name one client (RFC 7523 3, RFC 7521 4.2). So does
 * its `iss`, which `tokendings` compares with the other claims.
 */
export function parseAssertion(token: string, clientId: string | undefined, profile: ErrorProfile): ClaimedAssertion {
  const jwt = parseAssertionJwt(token, profile);
  const claimedClient = profile === 'rfc' ? issuerAndSubject(jwt) : subjectAlone(jwt);
  if (clientId !== undefined && clientId !== claimedClient) {
    throw refuse('client-id-mismatch', 'client_id is not the client of the assertion');
  }
  return { jwt, claimedClient };
}

function issuerAndSubject(jwt: UnverifiedJwt): string {
  const named = subjectOf(jwt);
  if (named !== undefined && jwt.claims['iss'] === named) return named;
  throw refuse('client-assertion-malformed', 'client assertion: iss and sub must both be the client id');
}

function subjectAlone(jwt: UnverifiedJwt): string {
  const named = subjectOf(jwt);
  if (named !== undefined) return named;
  throw refuse('client-sub-missing', 'client authentication failed: the assertion needs sub, the client id');
}

function subjectOf({ claims }: UnverifiedJwt): string | undefined {
  const sub = stringClaim(claims, 'sub');
  return sub !== '' && (sub?.length ?? Infinity) <= MAX_CLIENT_CHARACTERS ? sub : undefined;
}

/** Step 7: the type in the header of an assertion. Throws `client-typ`. */
export function checkAssertionType({ jwt }: ClaimedAssertion, profile: ErrorProfile): void {
  try {
    checkType(jwt.header.typ, TYPES);
  } catch (error) {
    if (!(error instanceof JoseError)) throw error;
    const which = profile === 'rfc' ? '' : ` ${shown(jwt.header.typ)}`;
    throw refuse('client-typ', `client assertion: typ${which} is not accepted, only ${TYPES.join(' and ')}`, {
      cause: error.code,
    });
  }
}

/** Step 6: the client is registered and enabled, and has a key that could have signed. Doubts are kept for step 8. */
export function findCandidate(assertion: ClaimedAssertion, snapshot: Snapshot, keys: ClientKeys): Candidate {
  const client = snapshot.client('tokenx', assertion.claimedClient);
  if (client === undefined) return doubtful(assertion, 'client unknown');
  if (client.state === 'disabled' || snapshot.app(client.app)?.state !== 'active') {
    return doubtful(assertion, 'client disabled');
  }
  const { kid } = assertion.jwt.header;
  const named = kid === undefined ? client.keys : client.keys.filter((jwk) => jwk.kid === kid);
  const fitting = named.map((jwk) => keys.importKey(jwk)).filter((key) => key !== undefined);
  // The same rule as for fetched sets: one id for two keys says nothing about either.
  const { keys: distinct } = withoutAmbiguous(fitting, []);
  return { assertion, clientId: client.app, keys: distinct, doubt: undefined };
}

/**
 * Step 8: the signature. An unknown or disabled client, an unknown key, a wrong algorithm and a bad signature get one and
 * the same answer at one and the same price; the cause goes to the audit log.
 */
export function verifyAssertion(candidate: Candidate, profile: ErrorProfile): Principal {
  const { assertion, clientId, doubt } = candidate;
  if (clientId === undefined) {
    verifyForNothing(assertion.jwt);
    throw unbelievable(doubt);
  }
  try {
    verifyJwtSignature(assertion.jwt, candidate.keys, { algorithms: CLIENT_ALGORITHMS });
  } catch (error) {
    if (!(error instanceof JoseError)) throw error;
    if (error.code !== 'signature_invalid') verifyForNothing(assertion.jwt);
    throw profile === 'tokendings' ? unfit(error, assertion.claimedClient) : unbelievable(error.code);
  }
  return principal(clientId, assertion.jwt.header.kid);
}

/** The price of a signature where there is none to check. */
function verifyForNothing({ jws }: UnverifiedJwt): void {
  verifySignature(jws, decoyKey(jws.header.alg));
}

function principal(clientId: AppId, keyId: string | undefined): Principal {
  const proven: Omit<Principal, typeof authenticated> = { clientId, method: 'private_key_jwt', keyId };
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the brand exists in types only; this is its one source
  return proven as Principal;
}

function doubtful(assertion: ClaimedAssertion, doubt: string): Candidate {
  return { assertion, clientId: undefined, keys: [], doubt };
}

function unbelievable(cause: string | undefined): OAuthError {
  return refuse('client-auth-failed', 'client authentication failed', { cause });
}

/** The same refusal for a caller of a tokendings server, which is told what did not fit. */
function unfit({ code: cause }: JoseError, client: string): OAuthError {
  const fault =
    cause === 'signature_invalid' ? 'its signature is not right' : `its alg and kid fit no key of ${client}`;
  return refuse('client-auth-failed', `client assertion refused: ${fault}`, { cause });
}

function parseAssertionJwt(token: string, profile: ErrorProfile): UnverifiedJwt {
  try {
    const jwt = parseJwt(token, { types: 'later', unknownAlgorithms: true });
    if (profile === 'tokendings' && /^none$/i.test(jwt.header.alg)) throw malformed('algorithm_refused');
    return jwt;
  } catch (error) {
    if (!(error instanceof JoseError)) throw error;
    throw malformed(error.code);
  }
}

function malformed(cause: JoseError['code']): OAuthError {
  return refuse('client-assertion-malformed', 'client assertion: not a well-formed signed JWT', { cause });
}
