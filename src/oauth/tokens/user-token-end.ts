import { numberClaim, parseJwt } from '../jwt.ts';

const UNREADABLE_SECONDS = 60;

/**
 * When anything derived from this user token has to be forgotten, in seconds since the epoch: its own `exp`, or a minute from now when
 * that cannot be read. Read without verification, so it may only ever shorten a life.
 */
export function userTokenEnd(token: string, now: number): number {
  try {
    return numberClaim(parseJwt(token).claims, 'exp') ?? now + UNREADABLE_SECONDS;
  } catch {
    return now + UNREADABLE_SECONDS;
  }
}
