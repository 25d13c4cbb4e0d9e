import { randomUUID } from 'node:crypto';

/** What web says of itself in a good client assertion (RFC 7523 section 3), for 60 s from `now` (seconds). */
export function assertionClaims(audience: string, now: number): Readonly<Record<string, unknown>> {
  const iat = Math.floor(now);
  const id = 'dev:fleet:web';
  return { iss: id, sub: id, aud: audience, jti: randomUUID(), iat, exp: iat + 60 };
}

/** What the identity provider says of its user in a good subject token, issued 10 s before `now` (seconds). */
export function subjectClaims(issuer: string, now: number): Readonly<Record<string, unknown>> {
  const iat = Math.floor(now) - 10;
  return {
    iss: issuer,
    sub: 'u-81',
    client_id: 'login-client',
    acr: 'idporten-loa-high',
    sid: 's-5',
    jti: 'a1',
    iat,
    exp: iat + 600,
  };
}
