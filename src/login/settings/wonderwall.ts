/** Variables of Wonderwall that mean the same but are not spelled the same: rewritten before settings are read. Pure. */
import type { Environment } from '../../settings.ts';
import { variableOf } from './kinds.ts';
import { kindNamed } from './provider-names.ts';
import { loginSettings } from './table.ts';

const PREFIX = 'WONDERWALL_';
/** Read here rather than as aliases, or accepted without effect. */
const TRANSLATED: ReadonlySet<string> = new Set([
  'WONDERWALL_UPSTREAM_IP',
  'WONDERWALL_UPSTREAM_PORT',
  'WONDERWALL_REDIS_TLS',
  'WONDERWALL_REDIS_USERNAME',
  'WONDERWALL_REDIS_PASSWORD',
  'WONDERWALL_SSO_ENABLED',
  'WONDERWALL_PPROF_ENABLED',
]);

/** An environment whose Wonderwall variables say what ours would, and what was odd about it. */
export interface Translated {
  readonly env: Environment;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** The variables while they are rewritten. */
interface Draft {
  readonly env: Record<string, string | undefined>;
  readonly problems: string[];
  readonly warnings: string[];
}

function valueOf(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

/** Undefined when the variable is not set, or cannot be used: then it is gone and a problem. */
function flagOf(draft: Draft, name: string): boolean | undefined {
  const value = valueOf(draft.env, name)?.toLowerCase();
  if (value === undefined) return undefined;
  if (['true', '1', 't'].includes(value)) return true;
  if (['false', '0', 'f'].includes(value)) return false;
  draft.problems.push(`${name} is not usable: expected true or false`);
  delete draft.env[name];
  return undefined;
}

function rewriteUpstream({ env, problems }: Draft): void {
  const ip = valueOf(env, 'WONDERWALL_UPSTREAM_IP');
  const port = valueOf(env, 'WONDERWALL_UPSTREAM_PORT');
  const host = valueOf(env, 'WONDERWALL_UPSTREAM_HOST');
  if (host !== undefined) env['WONDERWALL_UPSTREAM_HOST'] = `http://${host}`;
  if (ip === undefined && (port === undefined || port === '0')) return;
  if (ip !== undefined && port !== undefined && /^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536) {
    env['WONDERWALL_UPSTREAM_HOST'] = `http://${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
    return;
  }
  problems.push(
    'WONDERWALL_UPSTREAM_IP and WONDERWALL_UPSTREAM_PORT are set together: an address, and a port from 1 to 65535',
  );
}

function rewriteStore(draft: Draft): void {
  const { env } = draft;
  const tls = flagOf(draft, 'WONDERWALL_REDIS_TLS') ?? true;
  const address = valueOf(env, 'WONDERWALL_REDIS_ADDRESS');
  const uri = valueOf(env, 'WONDERWALL_REDIS_URI');
  const url = uri ?? (address && `${tls ? 'rediss' : 'redis'}://${address}`);
  if (url === undefined) return;
  if (uri !== undefined) delete env['WONDERWALL_REDIS_ADDRESS'];
  env[uri === undefined ? 'WONDERWALL_REDIS_ADDRESS' : 'WONDERWALL_REDIS_URI'] = withUser(url, {
    name: valueOf(env, 'WONDERWALL_REDIS_USERNAME'),
    password: valueOf(env, 'WONDERWALL_REDIS_PASSWORD'),
  });
}

/** The URL with this user or password in place of its own. */
function withUser(
  url: string,
  { name, password }: { readonly name: string | undefined; readonly password: string | undefined },
): string {
  const [, scheme, given = '', rest = ''] = /^([a-z+]+:\/\/)(?:([^@/]*)@)?(.*)$/s.exec(url) ?? [];
  if (scheme === undefined || (name === undefined && password === undefined)) return url;
  const [givenName = '', ...givenPassword] = given.split(':');
  const user = name === undefined ? givenName : encodeURIComponent(name);
  const secret = password === undefined ? givenPassword.join(':') : encodeURIComponent(password);
  return `${scheme}${user}${secret === '' ? '' : `:${secret}`}@${rest}`;
}

function rewriteRole(draft: Draft): void {
  const { env } = draft;
  const isSso = flagOf(draft, 'WONDERWALL_SSO_ENABLED');
  const asks = flagOf(draft, 'WONDERWALL_SESSION_FORWARD_AUTH') ?? false;
  const mode = valueOf(env, 'WONDERWALL_SSO_MODE') ?? 'server';
  delete env['WONDERWALL_SSO_MODE'];
  if (isSso === undefined) return;
  if (!isSso) env['WONDERWALL_SSO_MODE'] = 'standalone';
  else if (mode === 'proxy') env['WONDERWALL_SSO_MODE'] = 'sso-proxy';
  else if (mode === 'server') env['WONDERWALL_SSO_MODE'] = asks ? 'forward-auth' : 'sso-server';
  else draft.problems.push('WONDERWALL_SSO_MODE is not usable: expected server or proxy');
}

function rewriteCheckHeaders(draft: Draft): void {
  const name = 'WONDERWALL_SESSION_FORWARD_AUTH_SET_HEADERS';
  const wanted = flagOf(draft, name);
  if (wanted !== undefined) draft.env[name] = wanted ? 'id-token' : 'none';
}

function rewriteProvider({ env, warnings }: Draft): void {
  const theirs = valueOf(env, 'WONDERWALL_OPENID_PROVIDER');
  if (theirs === undefined) return;
  const kind = kindNamed(theirs);
  env['WONDERWALL_OPENID_PROVIDER'] = kind ?? 'openid';
  if (kind === undefined && valueOf(env, variableOf('provider')) === undefined)
    warnings.push(`WONDERWALL_OPENID_PROVIDER=${theirs} is not known: openid is used`);
}

/** Rewrites, and names Wonderwall variables that mean nothing here. */
export function fromWonderwall(env: Environment): Translated {
  const draft: Draft = { env: { ...env }, problems: [], warnings: [] };
  rewriteProvider(draft);
  rewriteUpstream(draft);
  rewriteStore(draft);
  rewriteRole(draft);
  rewriteCheckHeaders(draft);
  const known = new Set(Object.values(loginSettings).flatMap((setting) => setting.aliases ?? []));
  for (const name of Object.keys(env)) {
    if (!name.startsWith(PREFIX) || known.has(name) || TRANSLATED.has(name)) continue;
    draft.warnings.push(`${name} has no meaning here and is ignored`);
  }
  return draft;
}
