import { numberClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { RESERVED_CLAIMS } from '../../registry/reserved-claims.ts';
import type { Actor } from '../subject/act.ts';
import type { AudienceSettings } from './audience-settings.ts';
import { refuse } from '../errors.ts';
import type { VerifiedSubjectToken } from '../subject/subject-token.ts';
import type { ClaimMap } from '../subject/trusted-issuer.ts';

/** They bind a token to a key or to who may act: meant for the token they stand in, whatever else is copied. */
const NEVER_COPIED: ReadonlySet<string> = new Set(['cnf', 'may_act']);

/** What the claims of every new token are made of. Times are seconds since the epoch. */
export interface TokenParts {
  readonly issuer: string;
  readonly target: string;
  readonly caller: string;
  readonly scope: readonly string[] | undefined;
  readonly settings: AudienceSettings;
  readonly now: number;
  readonly jti: string;
}

/** The parts of a token for a user. */
export interface UserTokenParts extends TokenParts {
  readonly subject: VerifiedSubjectToken;
  readonly actor: Actor;
}

/** The claims of a token. */
export type IssuedClaims = Claims & { readonly exp: number };

/** The claims that every token has; `exp` is the caller's to decide. */
export function commonClaims(
  { issuer, target, caller, scope, settings, now, jti }: TokenParts,
  exp: number,
): IssuedClaims {
  const issuedAt = Math.floor(now);
  return {
    iss: issuer,
    aud: target,
    client_id: caller,
    ...(settings.azp ? { azp: caller } : {}),
    ...(scope === undefined ? {} : { scope: scope.join(' ') }),
    iat: issuedAt,
    nbf: issuedAt,
    exp,
    jti,
  };
}

/** The claims of a token for a user (RFC 8693 4, RFC 9068 2.2 where the audience asks for `at+jwt`). */
export function userClaims(parts: UserTokenParts): IssuedClaims {
  const { settings } = parts;
  const { sub, idp, claims } = parts.subject;
  if (sub === undefined && settings.typ === 'at+jwt') {
    throw refuse('subject-sub-missing', 'the target asks for at+jwt tokens, and the subject token has no sub');
  }
  return {
    ...copiedClaims(parts),
    ...commonClaims(parts, expiry(claims, settings, Math.floor(parts.now))),
    ...(sub === undefined ? {} : { sub }),
    ...(settings.claims === 'all-legacy' && claims['idp'] !== undefined ? {} : { idp }),
    ...(settings.act ? { act: parts.actor } : {}),
  };
}

function copiedClaims({ subject: { claims, issuer }, settings }: UserTokenParts): Claims {
  const names = Object.keys(claims).filter((name) => isCopied(name, settings));
  return Object.fromEntries(names.map((name) => [name, mapped(issuer.rules.map, name, claims[name])]));
}

function isCopied(name: string, { claims: wanted, scope }: AudienceSettings): boolean {
  // Where rules grant scopes, those of another audience are not among them.
  if (wanted === 'all-legacy') return !NEVER_COPIED.has(name) && (name !== 'scope' || scope === 'echo');
  return !RESERVED_CLAIMS.has(name) && (wanted === 'all' || wanted.includes(name));
}

function mapped(map: ClaimMap, name: string, value: unknown): unknown {
  const values = Object.hasOwn(map, name) ? map[name] : undefined;
  if (values === undefined || typeof value !== 'string' || !Object.hasOwn(values, value)) return value;
  return values[value];
}

/** The earliest of: the audience's own lifetime, the subject token's end, the end of the login session. */
function expiry(subject: Claims, settings: AudienceSettings, issuedAt: number): number {
  const ends = [issuedAt + settings.ttlSeconds];
  const subjectEnd = numberClaim(subject, 'exp');
  if (settings.capBySubject && subjectEnd !== undefined) ends.push(Math.floor(subjectEnd));
  if (settings.maxSessionSeconds !== undefined) ends.push(sessionEnd(subject, settings.maxSessionSeconds));
  const exp = Math.min(...ends);
  if (exp <= issuedAt) throw refuse('subject-expired', `the login is older than the target allows`);
  return exp;
}

function sessionEnd(subject: Claims, maxSessionSeconds: number): number {
  const authenticatedAt = numberClaim(subject, 'auth_time');
  if (authenticatedAt === undefined) {
    throw refuse('auth-time-missing', 'the target limits the session, and the subject token has no auth_time');
  }
  return Math.floor(authenticatedAt + maxSessionSeconds);
}
