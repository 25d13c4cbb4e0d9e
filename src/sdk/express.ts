import type { IncomingMessage, ServerResponse } from 'node:http';
import { attachedPrincipal, authenticateOnce } from './http/attached.ts';
import type { AuthError } from './auth-error.ts';
import type { Fullmakt } from './fullmakt.ts';
import type { Guard } from './guards/guard.ts';
import type { Principal } from './principal.ts';
import { refuse } from './http/refusal.ts';
import type { AdapterOptions } from './http/refusal.ts';
import { checkMounted } from './http/mounted.ts';
import type { Result } from './result.ts';

export type { AdapterOptions } from './http/refusal.ts';

/**
 * A `RequestHandler` of Express, 4 or 5. It asks for no more of a request than it reads, so that parameters, query and body of a
 * route keep the types they have without it.
 */
type ProtectHandler = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => Promise<void>;

/** Lets a request pass only with a token the guard allows. Throws ConfigError here and now when the guard cannot work. */
export function protect<T extends Principal>(
  auth: Fullmakt,
  guard: Guard<T>,
  options: AdapterOptions = {},
): ProtectHandler {
  checkMounted(auth, guard, options);
  return async (req, res, next) => {
    let outcome: Result<{ readonly principal: T }, AuthError>;
    try {
      outcome = await authenticateOnce(req, req, { auth, guard });
    } catch (error) {
      // Express 4 looks at no promise: a bug in a guard would leave the request without an answer, and end the process.
      next(error);
      return;
    }
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
export function principalOf<T extends Principal>(req: IncomingMessage, guard: Guard<T>): T {
  return attachedPrincipal(req, guard);
}
