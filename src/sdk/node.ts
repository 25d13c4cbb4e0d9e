import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { authenticateOnce } from './http/attached.ts';
import type { Fullmakt } from './fullmakt.ts';
import type { Guard } from './guards/guard.ts';
import type { Principal } from './principal.ts';
import { refuse } from './http/refusal.ts';
import type { AdapterOptions } from './http/refusal.ts';
import { checkHandler, checkMounted } from './http/mounted.ts';

export type { AdapterOptions } from './http/refusal.ts';

/**
 * A listener for `node:http` that calls the handler only for a token the guard allows. Throws ConfigError here and now
 * when the guard cannot work. What the handler throws rejects the
 * listener, for whoever calls it or `events.captureRejections`; unheard, it ends the process as any listener's error.
 */
export function protect<T extends Principal>(
  auth: Fullmakt,
  guard: Guard<T>,
  handler: (req: IncomingMessage, res: ServerResponse, principal: T) => void,
  options: AdapterOptions = {},
): RequestListener {
  checkMounted(auth, guard, options);
  checkHandler(handler);
  // oxlint-disable-next-line typescript/no-misused-promises -- the server is to see what the handler throws
  return async (req, res) => {
    const outcome = await authenticateOnce(req, req, { auth, guard });
    if (outcome.ok) return handler(req, res, outcome.principal);
    const { status, headers, body } = refuse(outcome.error, options);
    res.writeHead(status, headers);
    res.end(body);
  };
}
