/** Names and attributes of our own cookies. Pure. */
import type { LoginConfig } from './config.ts';
import type { Ingress } from './ingress.ts';

/** The cookies we set. */
export type CookieUse = 'session' | 'login' | 'logout' | 'counter';

const USES: ReadonlySet<string> = new Set(['session', 'login', 'logout', 'counter']);
const NAME_PREFIX = /^__(?:Host|Secure)-/i;
const FAMILY = /^fullmakt(?:-[a-z0-9-]+)?\.(?:session|login|logout|counter)(?:\.|$)/;

/** How one cookie is named and scoped. */
export interface CookieScope {
  readonly name: string;
  readonly path: string;
  /** Absent: the host alone. */
  readonly domain?: string;
  readonly secure: boolean;
}

/** The session cookie that all programs of a domain share. */
interface SharedSession {
  readonly name: string;
  readonly domain: string;
}

/** The shared session cookie of a role that has one. */
export function sharedSession({ role, sso }: Pick<LoginConfig, 'role' | 'sso'>): SharedSession | undefined {
  if (sso === undefined || role === 'standalone') return undefined;
  return { name: sso.sessionCookieName, domain: sso.domain };
}

/**
 * Name and scope of one cookie at one ingress: `__Host-` with an empty path, `__Secure-` and a hash of the path below
 * one, no name prefix over http. `id` tells login attempts apart, `provider` the sessions of further providers. A session
 * that is `shared` goes by its own name to the whole domain; all other cookies stay with the host.
 */
export function cookieScope(
  use: CookieUse,
  ingress: Ingress,
  settings: {
    readonly prefix: string;
    readonly secure: boolean;
    readonly id?: string;
    readonly provider?: string;
    readonly shared?: SharedSession;
  },
): CookieScope {
  const secure = ingress.scheme === 'http' ? settings.secure : true;
  if (use === 'session' && settings.shared !== undefined) {
    const { name: base, domain } = settings.shared;
    const name = settings.provider === undefined ? base : `${base}.${settings.provider}`;
    return { name, path: '/', domain, secure };
  }
  const parts = [settings.prefix, use];
  if (settings.id !== undefined) parts.push(settings.id);
  if (ingress.path !== '') parts.push(ingress.pathHash);
  if (settings.provider !== undefined) parts.push(settings.provider);
  const name = parts.join('.');
  const path = ingress.path === '' ? '/' : ingress.path;
  if (ingress.scheme === 'http') return { name, path, secure };
  return { name: (ingress.path === '' ? '__Host-' : '__Secure-') + name, path, secure };
}

/**
 * Whether a cookie of this name is one of ours, whatever its name prefix: it never reaches the application. The cookies
 * of other login proxies on the same host count too, where they are named in the usual way: ports share a cookie jar.
 * `shared` is the name of the session cookie of a domain.
 */
export function isOwnCookie(name: string, prefix: string, shared?: string): boolean {
  const given = name.trim();
  if (shared !== undefined && (given === shared || given.startsWith(`${shared}.`))) return true;
  const bare = given.replace(NAME_PREFIX, '');
  if (bare.startsWith(`${prefix}.`)) return USES.has(bare.slice(prefix.length + 1).split('.')[0] ?? '');
  return FAMILY.test(bare);
}
