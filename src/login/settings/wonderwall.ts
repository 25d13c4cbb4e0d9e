/** Variables of Wonderwall that mean the same but are not spelled the same: translated before settings are read. Pure. */
import type { ProviderKindName } from '../../providers/kinds.ts';
import type { Environment } from '../../settings.ts';
import { settingsOf } from './table.ts';

const PREFIX = 'WONDERWALL_';
/** Read here rather than as aliases, or accepted without effect. */
const TRANSLATED: ReadonlySet<string> = new Set([
  'WONDERWALL_UPSTREAM_HOST',
  'WONDERWALL_UPSTREAM_IP',
  'WONDERWALL_UPSTREAM_PORT',
  'WONDERWALL_OPENID_PROVIDER',
  'WONDERWALL_PPROF_ENABLED',
]);

/** An environment with canonical names, and what was odd about it. */
export interface Translated {
  readonly env: Environment;
  readonly provider: ProviderKindName;
  readonly warnings: readonly string[];
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== '';
}

function upstreamOf(env: Environment): string | undefined {
  const ip = env['WONDERWALL_UPSTREAM_IP'];
  const port = env['WONDERWALL_UPSTREAM_PORT'];
  if (isSet(ip) && isSet(port)) return `http://${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
  const host = env['WONDERWALL_UPSTREAM_HOST'];
  return isSet(host) ? `http://${host}` : undefined;
}

function kindOf(name: string | undefined): ProviderKindName | undefined {
  if (name === 'azure' || name === 'entra') return 'entra';
  return name === 'idporten' || name === 'openid' ? name : undefined;
}

/** Translates, chooses the kind of provider, and names Wonderwall variables that mean nothing here. */
export function fromWonderwall(env: Environment): Translated {
  const warnings: string[] = [];
  const given = env['FULLMAKT_LOGIN_PROVIDER'];
  const theirs = env['WONDERWALL_OPENID_PROVIDER'];
  const provider = kindOf(isSet(given) ? given : theirs) ?? 'openid';
  if (!isSet(given) && isSet(theirs) && kindOf(theirs) === undefined) {
    warnings.push(`WONDERWALL_OPENID_PROVIDER=${theirs} is not known: openid is used`);
  }
  const upstream = upstreamOf(env);
  const added: Record<string, string> = isSet(given) ? {} : { WONDERWALL_OPENID_PROVIDER: provider };
  if (!isSet(env['FULLMAKT_LOGIN_UPSTREAM']) && upstream !== undefined) added['FULLMAKT_LOGIN_UPSTREAM'] = upstream;
  const known = new Set(Object.values(settingsOf([provider])).flatMap((setting) => setting.aliases ?? []));
  for (const name of Object.keys(env)) {
    if (!name.startsWith(PREFIX) || known.has(name) || TRANSLATED.has(name)) continue;
    warnings.push(`${name} has no meaning here and is ignored`);
  }
  return { env: { ...env, ...added }, provider, warnings };
}
