import { JoseError } from '../../oauth/jws.ts';
import { checkType } from '../../oauth/jws-header.ts';
import { numberClaim, parseJwt, stringClaim, verifyJwtSignature } from '../../oauth/jwt.ts';
import type { Claims, UnverifiedJwt, VerifiedJwt } from '../../oauth/jwt.ts';
import { TOKEN_TYPE } from '../../oauth/client-assertion.ts';
import type { OAuthError } from '../../oauth/errors.ts';
import type { AppId } from '../../registry/app-id.ts';
import type { Snapshot } from '../../registry/model.ts';
import type { AudienceSettings } from '../issue/audience-settings.ts';
import { refuse } from '../errors.ts';
import type { ErrorProfile } from '../errors.ts';
import { checkMayAct } from './may-act.ts';
import { shown } from '../shown.ts';
import { checkBinding, checkKind } from './subject-binding.ts';
import type { SubjectIssuer, SubjectIssuers } from './subject-issuers.ts';
import { describeTypes, isTypeOf } from './subject-type.ts';

declare const checked: unique symbol;

/** A subject token that is genuine, in time, an access token, and this caller's to exchange. Only {@link verifySubjectToken} makes one. */
export interface VerifiedSubjectToken {
  readonly claims: Claims;
  readonly issuer: SubjectIssuer;
  /** Who vouched for the user first: the issuer, or through any number of hops the `idp` our own token names. */
  readonly idp: string;
  /** The address and the name of `idp`, either of which a target may admit. */
  readonly idpNames: readonly string[];
  readonly sub: string | undefined;
  /** The key that signed it, if it is our own token. */
  readonly ownKid: string | undefined;
  readonly [checked]: true;
}

/** What a subject token is judged by. Times are seconds since the epoch, durations seconds. */
export interface SubjectRules {
  readonly issuers: SubjectIssuers;
  readonly subjectTokenTypes: readonly string[];
  readonly caller: AppId;
  /** The name under which our own tokens are known, and the callers of them. */
  readonly ownIssuer: string;
  /** The newest rules: asked for when the keys of the issuer are there, which may take seconds. */
  readonly snapshot: () => Snapshot;
  /** With `capBySubject` the new token ends no later than this one, so at least one second of it must be left. */
  readonly settings: Pick<AudienceSettings, 'capBySubject'>;
  readonly skewSeconds: number;
  readonly now: number;
  /** `tokendings`: times are compared strictly, and refusals repeat what was sent. */
  readonly profile: ErrorProfile;
}

const END_OF_YEAR_9999 = 253_402_300_799;

/** Step 13 (RFC 8693 2.1, 2.2.2): type, issuer, signature, times, kind, binding, in this order. */
export async function verifySubjectToken(
  token: string,
  tokenType: string,
  rules: SubjectRules,
): Promise<VerifiedSubjectToken> {
  const idToken = tokenType === TOKEN_TYPE.idToken;
  if (!idToken && !isTypeOf(rules.subjectTokenTypes, tokenType)) {
    throw wrongType(rules);
  }
  const jwt = parseSubject(token, rules.profile);
  const issuer = findIssuer(jwt, rules);
  if (idToken && issuer.rules.idTokens === 'refuse') throw wrongType(rules);
  checkSubjectType(jwt, issuer, rules.profile);
  const { claims } = await verifySignedBy(issuer, jwt);
  checkTimes(claims, issuer, { ...rules, skewSeconds: issuer.rules.skewSeconds ?? rules.skewSeconds });
  checkKind(claims, issuer, idToken);
  checkBinding(claims, { issuer, idToken, caller: rules.caller, snapshot: rules.snapshot() });
  refuseBound(claims);
  checkMayAct(claims, rules.caller, rules.ownIssuer);
  return accepted(claims, issuer, { issuers: rules.issuers, kid: jwt.header.kid });
}

function accepted(
  claims: Claims,
  issuer: SubjectIssuer,
  { issuers, kid }: { readonly issuers: SubjectIssuers; readonly kid: string | undefined },
): VerifiedSubjectToken {
  const { subFrom } = issuer.rules;
  if (Object.hasOwn(claims, 'sub') && stringClaim(claims, 'sub') === undefined) {
    throw refuse('subject-malformed', 'subject token: sub must be a string');
  }
  const sub = stringClaim(claims, 'sub') ?? (subFrom === undefined ? undefined : stringClaim(claims, subFrom));
  const idp = issuer.own ? (stringClaim(claims, 'idp') ?? issuer.issuer) : issuer.issuer;
  const first = issuers.find(idp);
  const idpNames = typeof first === 'object' ? [idp, first.rules.name] : [idp];
  const subject: Omit<VerifiedSubjectToken, typeof checked> = {
    claims,
    issuer,
    idp,
    idpNames,
    sub,
    ownKid: issuer.own ? kid : undefined,
  };
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the brand exists in types only; this is its one source
  return subject as VerifiedSubjectToken;
}

function wrongType({ subjectTokenTypes }: SubjectRules): OAuthError {
  return refuse('subject-type', `subject_token_type is not accepted: ${describeTypes(subjectTokenTypes)}`);
}

function parseSubject(token: string, profile: ErrorProfile): UnverifiedJwt {
  try {
    // What its algorithm is worth is asked once its issuer is known; without any it is no signed token.
    const jwt = parseJwt(token, { types: 'later', unknownAlgorithms: profile === 'tokendings' });
    if (profile === 'tokendings' && /^none$/i.test(jwt.header.alg)) throw malformed('algorithm_refused');
    return jwt;
  } catch (error) {
    if (!(error instanceof JoseError)) throw error;
    if (error.code === 'token_too_large') throw refuse('token-too-large', 'subject token: longer than 16 KiB');
    if (error.code === 'algorithm_refused') throw badSignature(error.code);
    throw malformed(error.code);
  }
}

function malformed(cause: JoseError['code']): OAuthError {
  return refuse('subject-malformed', 'subject token: not a well-formed signed JWT', { cause });
}

/** `iss` chooses whose rules hold; it accepts nothing. */
function findIssuer(jwt: UnverifiedJwt, { issuers, profile }: SubjectRules): SubjectIssuer {
  const name = stringClaim(jwt.claims, 'iss');
  const issuer = name === undefined ? undefined : issuers.find(name);
  if (issuer === 'starting') throw refuse('issuer-unavailable', 'subject token: its issuer cannot be reached yet');
  if (issuer !== undefined) return issuer;
  const which = profile === 'rfc' ? '' : ` ${shown(name)}`;
  throw refuse('subject-issuer', `subject token: its issuer${which} is not trusted here`);
}

function checkSubjectType({ header }: UnverifiedJwt, { rules }: SubjectIssuer, profile: ErrorProfile): void {
  try {
    checkType(header.typ, rules.typ);
  } catch (error) {
    if (!(error instanceof JoseError)) throw error;
    const which = profile === 'rfc' ? '' : ` ${shown(header.typ)}`;
    throw refuse('subject-typ', `subject token: typ${which} is not accepted`, { cause: error.code });
  }
}

async function verifySignedBy(issuer: SubjectIssuer, jwt: UnverifiedJwt): Promise<VerifiedJwt> {
  const { kid, alg } = jwt.header;
  if (!issuer.rules.algorithms.some((each) => each === alg)) throw badSignature('algorithm_refused');
  try {
    const keys = await issuer.keysFor(kid, alg);
    return verifyJwtSignature(jwt, keys, { algorithms: issuer.rules.algorithms });
  } catch (error) {
    if (!(error instanceof JoseError)) throw error;
    const { code: cause } = error;
    if (cause === 'keys_unavailable') {
      throw refuse('issuer-unavailable', 'subject token: the keys of its issuer cannot be had now', { cause });
    }
    throw badSignature(cause);
  }
}

function badSignature(cause: JoseError['code']): OAuthError {
  const fault =
    cause === 'signature_invalid' ? 'its signature is not right' : 'its alg and kid fit no key of its issuer';
  return refuse('subject-signature', `subject token: ${fault}`, { cause });
}

function checkTimes(claims: Claims, { rules: { maxAgeSeconds } }: SubjectIssuer, rules: SubjectRules): void {
  const { now, settings } = rules;
  const [exp, iat, nbf] = [readTime(claims, 'exp'), readTime(claims, 'iat'), readTime(claims, 'nbf')];
  if (exp === undefined || iat === undefined) {
    const absent = ['exp', 'iat'].filter((name) => !Object.hasOwn(claims, name));
    throw refuse('subject-time', `subject token: without ${absent.join(', ')}`);
  }
  if (exp <= now - rules.skewSeconds || (settings.capBySubject && exp < now + 1)) {
    throw refuse('subject-expired', `subject token expired: exp ${exp}, server time ${Math.floor(now)}`);
  }
  if (isAhead(nbf ?? 0, rules)) throw ahead(`is not valid yet: nbf ${nbf}`, now);
  if (isAhead(iat, rules)) throw ahead(`is from the future: iat ${iat}`, now);
  if (maxAgeSeconds !== undefined && now - iat > maxAgeSeconds) {
    throw refuse('subject-time', `subject token is older than ${maxAgeSeconds} s`);
  }
}

function isAhead(time: number, { now, skewSeconds, profile }: SubjectRules): boolean {
  const latest = now + skewSeconds;
  return profile === 'rfc' ? time > latest : time >= latest;
}

function ahead(what: string, now: number): OAuthError {
  return refuse('subject-time', `subject token ${what}, server time ${Math.floor(now)}`);
}

function readTime(claims: Claims, name: string): number | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = numberClaim(claims, name);
  if (value === undefined || value < 0 || value > END_OF_YEAR_9999) {
    throw refuse('subject-time', `subject token: ${name} is not a usable time`);
  }
  return value;
}

/** What would need a proof that we cannot check yet is refused, never dropped (RFC 7800 3). */
function refuseBound(claims: Claims): void {
  if (claims['cnf'] !== undefined) throw refuse('subject-bound', 'subject token: bound tokens cannot be exchanged');
}
