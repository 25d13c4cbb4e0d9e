/** What differs between the roles: which own routes there are, and what stands behind them. */
import type { TrustedProxies } from '../web/forwarded.ts';
import { createUpstream } from '../web/upstream.ts';
import type { LoginContext } from './context.ts';
import type { EntranceParts } from './entrance.ts';
import { createForwardAuth } from './forward-auth/check.ts';
import { isLocalName } from './ingress.ts';
import { OWN_ROUTES } from './own-routes.ts';
import { createNoApplication } from './sso/no-application.ts';
import { createSharedRoutes } from './sso/shared-routes.ts';

/** A role at work. */
export interface RoleAtWork {
  /** What the entrance has instead of, or besides, what stands beside one application. */
  readonly parts: Partial<EntranceParts>;
  close(): Promise<void>;
}

/** Where to connect to for a URL: names of this machine need no resolver that knows them (RFC 6761 6.3). */
function reachable(text: string): string {
  const url = new URL(text);
  if (isLocalName(url.hostname)) url.hostname = 'localhost';
  return url.origin;
}

function sharedRoutes(context: LoginContext, trusted: TrustedProxies): RoleAtWork | undefined {
  const url = context.config.sso?.serverUrl;
  if (context.config.role !== 'sso-proxy' || url === undefined) return undefined;
  const upstream = createUpstream(reachable(url));
  const routes = createSharedRoutes({ url, upstream, trusted });
  const findRoute: EntranceParts['findRoute'] = (at, name) => {
    const route = name === 'ping' ? OWN_ROUTES.get(name) : routes(name);
    return route === undefined ? undefined : { route, at };
  };
  return { parts: { findRoute }, close: () => upstream.close() };
}

/** Makes what the configured role needs. */
export function createRole(context: LoginContext, trusted: TrustedProxies): RoleAtWork {
  const { config } = context;
  const shared = sharedRoutes(context, trusted);
  if (shared !== undefined) return shared;
  const hasApplication = config.role === 'standalone';
  return {
    parts: {
      ...(hasApplication ? {} : { proxy: createNoApplication(config) }),
      ...(config.forwardAuth.enabled ? { forwardAuth: createForwardAuth(context, trusted) } : {}),
    },
    close: () => Promise.resolve(),
  };
}
