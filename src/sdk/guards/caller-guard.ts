import { AuthError } from '../auth-error.ts';
import { ConfigError } from '../config-error.ts';
import { createGuard } from './guard.ts';
import type { Guard } from './guard.ts';
import type { Principal } from '../principal.ts';

function clientIdOf(principal: Principal): string | undefined {
  if (principal.provider === 'entra_id') return principal.claims.azp;
  return principal.provider === 'tokenx' ? principal.claims.client_id : undefined;
}

/**
 * Anyone on the platform's caller list: at Entra `azp` in `AZURE_APP_PRE_AUTHORIZED_APPS`, at TokenX `client_id` in
 * `FULLMAKT_INBOUND_APPS`. Arguments (names or client ids) narrow it further. Other providers fail.
 */
export function requireCaller(...callers: string[]): Guard {
  if (callers.some((caller) => Array.isArray(caller))) {
    throw new ConfigError(['requireCaller: names come one by one, not as a list']);
  }
  if (callers.some((caller) => typeof caller !== 'string' || caller === '' || /\s/.test(caller))) {
    throw new ConfigError(['requireCaller: every caller has to be an app name or a client id']);
  }
  const text = callers.length === 0 ? 'a caller of the access policy' : `caller ${callers.join(' or ')}`;
  return createGuard(
    text,
    (principal) => {
      const clientId = clientIdOf(principal);
      const named =
        callers.length === 0 || callers.some((caller) => caller === clientId || caller === principal.caller);
      if (clientId !== undefined && principal.callerInPolicy === true && named) return undefined;
      return new AuthError('caller_not_allowed', { explanation: explain(principal, callers) });
    },
    'caller-list',
  );
}

function explain(principal: Principal, callers: readonly string[]): string {
  const got = principal.caller ?? 'none';
  if (principal.callerInPolicy !== true) {
    return `${got} is not an allowed caller; add it to spec.accessPolicy.inbound.rules of this app`;
  }
  return `expected caller ${callers.join(' or ')}, got ${got}: it is allowed by spec.accessPolicy.inbound.rules of this app, but not on this route`;
}
