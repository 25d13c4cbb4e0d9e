/** Breaks loops in which an application keeps sending a signed-in browser to login. No protection against abuse. */
import type { LoginContext, OwnRequest } from '../context.ts';
import { cookieValue, ownCookie, writeCookie } from '../cookies.ts';

/** Logins begun by one signed-in browser, each soon after the one before. */
export interface LoginCount {
  readonly tooMany: boolean;
  /** `Set-Cookie` value that remembers this one. */
  readonly cookie: string;
}

function readCount(plain: Buffer | undefined): { readonly count: number; readonly lastAt: number } {
  const [count = 0, lastAt = 0] = (plain?.toString('utf8') ?? '').split(':').map(Number);
  return Number.isFinite(count) && Number.isFinite(lastAt) ? { count, lastAt } : { count: 0, lastAt: 0 };
}

/** Counts this login. Too many: `logins` of them before, each within `windowSeconds` of the last. */
export function countLogin(context: LoginContext, request: OwnRequest): LoginCount {
  const { logins, windowSeconds } = context.config.rateLimit;
  const scope = ownCookie(context, request.ingress, 'counter');
  const value = cookieValue(request.http, scope.name);
  const before = readCount(value === undefined ? undefined : context.sealer.open('counter', value, scope.name));
  const now = context.now();
  const count = now - before.lastAt <= windowSeconds ? before.count + 1 : 1;
  const sealed = context.sealer.seal('counter', Buffer.from(`${count}:${now}`), scope.name);
  return { tooMany: count > logins, cookie: writeCookie(scope, sealed, Math.max(1, Math.ceil(windowSeconds))) };
}
