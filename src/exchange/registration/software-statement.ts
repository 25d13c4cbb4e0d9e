import { JoseError } from '../../oauth/jws.ts';
import type { VerificationKey } from '../../oauth/jwk.ts';
import { checkClaims, numberClaim, parseJwt, stringClaim, verifyJwtSignature } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { DAY, MINUTE } from '../../oauth/time.ts';
import { parseAppId } from '../../registry/app-id.ts';
import type { AppId } from '../../registry/app-id.ts';
import { CLIENT_ALGORITHMS } from '../client/client-keys.ts';
import { RegistrationFault } from './registration-errors.ts';
import { shown } from '../shown.ts';
import { parsePolicy } from './software-statement-policy.ts';
import type { PolicyEntry } from './software-statement-policy.ts';

/** What a statement must fulfil. Times are seconds since the epoch. */
export interface StatementRules {
  readonly keys: readonly VerificationKey[];
  /** Each of them is us. */
  readonly audience: readonly string[];
  readonly now: number;
  readonly skewSeconds: number;
  /** Whether `aud`, `exp` and `jti` may be missing. One that is there is checked all the same. */
  readonly undated: boolean;
}

/** A software statement whose signature and claims are right (RFC 7591 2.3): for whom, and who may call it. */
export interface SoftwareStatement {
  readonly app: AppId;
  readonly inbound: readonly PolicyEntry[];
  readonly outbound: readonly PolicyEntry[];
  /** By what it can be used once; undefined for one without `jti`. */
  readonly once: StatementUse | undefined;
}

/** Seconds since the epoch. */
export interface StatementUse {
  readonly jti: string;
  readonly expiresAt: number;
  /** The earliest it can have been made; undefined where it does not say. */
  readonly bornAt: number | undefined;
}

const MAX_CHARACTERS = 48 * 1024;
const MAX_LIFETIME_SECONDS = 5 * MINUTE;
const MAX_JTI_CHARACTERS = 128;

/** Verifies a statement and reads it. Throws RegistrationFault `statement-refused` or `app-id-missing`. */
export function verifyStatement(token: string, rules: StatementRules): SoftwareStatement {
  const claims = genuineClaims(token, rules);
  checkAudience(claims, rules);
  const once = readUse(claims, rules);
  const inbound = parsePolicy(claims['accessPolicyInbound'], 'accessPolicyInbound');
  const outbound = parsePolicy(claims['accessPolicyOutbound'], 'accessPolicyOutbound');
  return { app: readApp(claims), inbound, outbound, once };
}

function genuineClaims(token: string, { keys, now, skewSeconds, undated }: StatementRules): Claims {
  try {
    const jwt = parseJwt(token, { maxBytes: MAX_CHARACTERS, types: ['JWT'] });
    const { claims } = verifyJwtSignature(jwt, keys, { algorithms: CLIENT_ALGORITHMS });
    checkClaims(claims, { now, skewSeconds, optional: ['iss', 'iat', ...(undated ? ['exp'] : [])] });
    return claims;
  } catch (error) {
    if (!(error instanceof JoseError)) throw error;
    const clock =
      error.code.startsWith('token_') && error.claim !== undefined ? `, server time ${Math.floor(now)}` : '';
    throw refused(`${error.message}${clock}`);
  }
}

function checkAudience(claims: Claims, { audience, undated }: StatementRules): void {
  const { aud } = claims;
  if (aud === undefined && undated) return;
  // One audience, ours, whole: what another server accepts too could be brought here by that server.
  const named: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
  if (typeof named !== 'string' || !audience.includes(named)) throw refused(`aud must be ${audience.join(' or ')}`);
}

function readUse(claims: Claims, { now, skewSeconds, undated }: StatementRules): StatementUse | undefined {
  const exp = numberClaim(claims, 'exp');
  if (exp !== undefined && exp - now > MAX_LIFETIME_SECONDS) {
    throw refused(`exp lies more than ${MAX_LIFETIME_SECONDS} s ahead, server time ${Math.floor(now)}`);
  }
  if (claims['jti'] === undefined && undated) return undefined;
  const jti = stringClaim(claims, 'jti') ?? '';
  if (jti === '' || jti.length > MAX_JTI_CHARACTERS) {
    throw refused(`jti must be a string of 1 to ${MAX_JTI_CHARACTERS} characters`);
  }
  const bornAt = numberClaim(claims, 'iat') ?? (exp === undefined ? undefined : exp - MAX_LIFETIME_SECONDS);
  return { jti, expiresAt: (exp ?? now + DAY) + skewSeconds, bornAt };
}

function readApp(claims: Claims): AppId {
  const named = claims['appId'];
  if (named === undefined || named === '')
    throw new RegistrationFault('app-id-missing', 'software statement: no appId');
  const app = typeof named === 'string' ? parseAppId(named) : undefined;
  if (app !== undefined) return app;
  throw refused(`appId ${typeof named === 'string' ? shown(named) : typeof named} is not cluster:namespace:name`);
}

function refused(description: string): RegistrationFault {
  return new RegistrationFault('statement-refused', `software statement: ${description}`);
}
