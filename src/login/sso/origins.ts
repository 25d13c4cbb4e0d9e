/** Origins that share a session. Pure. */
import type { SsoConfig } from '../configuration.ts';
import type { Role } from '../settings/sso.ts';

/** The domain and all its hosts, over https: their pages may ask for state changes and read our answers. */
export function originsOfDomain(role: Role, sso: SsoConfig | undefined): readonly string[] {
  if (sso === undefined || role === 'standalone') return [];
  return [`https://${sso.domain}`, `https://*.${sso.domain}`];
}
