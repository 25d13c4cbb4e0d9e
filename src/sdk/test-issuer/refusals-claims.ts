import type { AuthErrorCode } from '../auth-error.ts';
import { hasAudience } from './specimen.ts';
import type { Refused, Specimen } from './specimen.ts';

/** Far enough from any leeway that can be set, and from the time a test takes. */
const FAR_SECONDS = 600;
const TEN_YEARS_SECONDS = 10 * 365 * 24 * 3600;

type Row = readonly [name: string, code: AuthErrorCode, changes: object];

/** What the registered claims are refused for: rows 10 to 15 of sidecar-sdk.md 2.2, and too long a life. */
export function* claimRefusals(specimen: Specimen): Generator<Refused> {
  const { mint, kind, header, claims, changed } = specimen;
  const now = Math.floor(mint.now());
  const rows = [...(hasAudience(kind) ? audiences(claims) : []), ...times(now)];
  for (const [name, code, changes] of rows) yield { name, token: changed(changes), code };
  // No value of JavaScript is written like this.
  const endless = JSON.stringify({ ...claims, exp: 0 }).replace('"exp":0', '"exp":1e400');
  yield {
    name: 'an exp beyond numbers',
    token: mint.keys.sign(JSON.stringify(header), endless),
    code: 'claim_invalid',
  };
}

function times(now: number): readonly Row[] {
  return [
    ['no exp', 'claim_missing', { exp: undefined }],
    ['no iat', 'claim_missing', { iat: undefined }],
    ['an exp that is text', 'claim_invalid', { exp: String(now + FAR_SECONDS) }],
    ['an exp that is null', 'claim_invalid', { exp: null }],
    ['an exp of 2^53', 'claim_invalid', { exp: 2 ** 53 }],
    ['a negative iat', 'claim_invalid', { iat: -1 }],
    ['an iat that is text', 'claim_invalid', { iat: String(now) }],
    ['an nbf that is text', 'claim_invalid', { nbf: String(now) }],
    ['an exp at iat', 'claim_invalid', { iat: now, exp: now }],
    ['a sub that is a number', 'claim_invalid', { sub: 1 }],
    ['an exp that has passed', 'token_expired', { ...past(now), exp: now - FAR_SECONDS }],
    ['an nbf that lies ahead', 'token_not_yet_valid', { nbf: now + FAR_SECONDS, exp: now + 2 * FAR_SECONDS }],
    ['an iat that lies ahead', 'token_not_yet_valid', { iat: now + FAR_SECONDS, exp: now + 2 * FAR_SECONDS }],
    ['a life of ten years', 'lifetime_exceeded', { exp: now + TEN_YEARS_SECONDS }],
  ];
}

function past(now: number): object {
  return { iat: now - 2 * FAR_SECONDS, nbf: now - 2 * FAR_SECONDS };
}

function audiences({ aud }: Readonly<Record<string, unknown>>): readonly Row[] {
  const ours = String(aud);
  return [
    ['no aud', 'claim_missing', { aud: undefined }],
    ['an aud that is a number', 'claim_invalid', { aud: 1 }],
    ['an aud that is an object', 'claim_invalid', { aud: { [ours]: true } }],
    ['an aud with something that is no text', 'claim_invalid', { aud: [ours, 1] }],
    ['the aud of somebody else', 'audience_mismatch', { aud: 'somebody-else' }],
    ['a longer aud', 'audience_mismatch', { aud: `${ours}/` }],
    ['a shorter aud', 'audience_mismatch', { aud: ours.slice(0, -1) }],
    ['an aud of several, none of them ours', 'audience_mismatch', { aud: ['a', 'b'] }],
    ['an empty list as aud', 'audience_mismatch', { aud: [] }],
  ];
}
