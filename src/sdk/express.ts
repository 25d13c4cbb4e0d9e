import type { Request, RequestHandler } from 'express';
import { attachedPrincipal, authenticateOnce } from './http/attached.ts';
import type { Fullmakt } from './fullmakt.ts';
import type { Guard } from './guards/guard.ts';
import type { Principal } from './principal.ts';
import { refuse } from './http/refusal.ts';
import type { AdapterOptions } from './http/refusal.ts';
import { checkMounted } from './http/mounted.ts';

export type { AdapterOptions } from './http/refusal.ts';

/** Lets a request pass only with a token the guard allows. Throws ConfigError here and now when the guard cannot work. */
export function protect<T extends Principal>(
  auth: Fullmakt,
  guard: Guard<T>,
  options: AdapterOptions = {},
): RequestHandler {
  checkMounted(auth, guard);
  return async (req, res, next) => {
    const outcome = await authenticateOnce(req, req, { auth, guard });
    if (outcome.ok) {
      next();
      return;
    }
    const { status, headers, body } = refuse(outcome.error, options);
    // Not `send`, which would add a charset and an ETag to the same answer the other adapters give.
    res.writeHead(status, headers);
    res.end(body);
  };
}

/** Who called, as the guard's type. Throws ConfigError where nothing protected the route, AuthError where the guard refuses. */
export function principalOf<T extends Principal>(req: Request, guard: Guard<T>): T {
  return attachedPrincipal(req, guard);
}
