import { stringClaim, stringListClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { audienceOf, readJti, readTime, timeFault } from './assertion-claims.ts';
import type { AssertionClaims, AssertionRules } from './assertion-claims.ts';
import { refuse } from '../errors.ts';
import type { Situation } from '../errors.ts';
import { shown } from '../shown.ts';

/** What each claim of an assertion is on record as, when it is not there. */
const ABSENT: Readonly<Record<string, Situation>> = {
  aud: 'client-aud',
  exp: 'client-time',
  iat: 'client-time',
  iss: 'client-assertion-malformed',
  jti: 'client-jti',
  nbf: 'client-time',
  sub: 'client-assertion-malformed',
};

/**
 * The claims of an assertion in the order of a tokendings server, whose clients learn which fault came first: presence of all,
 * issuer, end, beginning, birth, audience. Times are compared strictly. Throws as `checkAssertionClaims` does, and
 * `client-assertion-malformed` for another issuer.
 */
export function checkLegacyClaims(claims: Claims, client: string, rules: AssertionRules): AssertionClaims {
  checkPresence(claims, rules);
  if (claims['iss'] !== client) {
    throw refuse('client-assertion-malformed', `client assertion refused: iss is not ${client}`);
  }
  const { exp, iat } = checkTimes(claims, rules);
  const audience = audienceOf(claims['aud'], rules);
  if (audience === undefined) throw refuse('client-aud', `client assertion refused: ${audienceFault(claims, rules)}`);
  return { issuer: stringClaim(claims, 'iss') ?? '', jti: readJti(claims), exp, iat, audience };
}

function checkPresence(claims: Claims, { requireIat, requireNbf }: AssertionRules): void {
  const lifted = new Set([...(requireIat ? [] : ['iat']), ...(requireNbf ? [] : ['nbf'])]);
  const absent = Object.keys(ABSENT).filter((name) => !lifted.has(name) && claims[name] === undefined);
  const [first] = absent;
  if (first === undefined) return;
  throw refuse(ABSENT[first] ?? 'client-time', `client assertion refused: without ${absent.join(', ')}`);
}

function checkTimes(claims: Claims, rules: AssertionRules): { readonly exp: number; readonly iat: number | undefined } {
  const exp = readTime(claims, 'exp', rules);
  const [iat, nbf] = [readTime(claims, 'iat', rules), readTime(claims, 'nbf', rules)];
  const latest = rules.now + rules.skewSeconds;
  if (exp === undefined || exp <= rules.now - rules.skewSeconds)
    throw timeFault(`expired: exp ${exp ?? 'none'}`, rules);
  if (nbf !== undefined && nbf >= latest) throw timeFault(`is not valid yet: nbf ${nbf}`, rules);
  if (iat !== undefined && iat >= latest) throw timeFault(`is from the future: iat ${iat}`, rules);
  return { exp, iat };
}

function audienceFault(claims: Claims, { issuer, tokenEndpoint, acceptTokenEndpoint }: AssertionRules): string {
  const named = stringListClaim(claims, 'aud') ?? [];
  const accepted = acceptTokenEndpoint ? `${tokenEndpoint} or ${issuer}` : issuer;
  return `aud is ${shown(named.join(', '))}, and one of it has to be: ${accepted}`;
}
