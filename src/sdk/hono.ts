import type { MiddlewareHandler } from 'hono';
import { authenticateOnce } from './http/attached.ts';
import type { Fullmakt } from './fullmakt.ts';
import type { Guard } from './guards/guard.ts';
import type { Principal } from './principal.ts';
import { refuse } from './http/refusal.ts';
import type { AdapterOptions } from './http/refusal.ts';
import { checkMounted } from './http/mounted.ts';

export type { AdapterOptions } from './http/refusal.ts';

/**
 * Lets a request pass only with a token the guard allows, which is then `c.get('principal')`. Throws ConfigError here
 * and now when the guard cannot work.
 */
export function protect<T extends Principal>(
  auth: Fullmakt,
  guard: Guard<T>,
  options: AdapterOptions = {},
): MiddlewareHandler<{ Variables: { principal: T } }> {
  checkMounted(auth, guard, options);
  return async (c, next) => {
    const outcome = await authenticateOnce(c, { headers: c.req.raw.headers }, { auth, guard });
    if (!outcome.ok) {
      const { status, headers, body } = refuse(outcome.error, options);
      // Set on the context, they win over what was set before, which a Response of its own would not.
      for (const [name, value] of Object.entries(headers)) c.header(name, value);
      return c.body(body, status);
    }
    c.set('principal', outcome.principal);
    return await next();
  };
}
