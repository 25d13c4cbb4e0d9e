import { variableOf } from '../login/settings/kinds.ts';
import { tablesFor } from '../login/settings/read.ts';
import { fromWonderwall } from '../login/settings/wonderwall.ts';
import type { Environment } from '../settings.ts';
import type { Named } from './config-file.ts';
import { unknownFlag } from './unknown-flag.ts';

/** One environment that says what all layers say together, and names that are no settings. */
export interface Layered {
  readonly env: Environment;
  readonly problems: readonly string[];
}

interface Row {
  readonly name?: string;
  readonly env: string;
  readonly aliases?: readonly string[];
}

/**
 * Puts flags over the environment over a file. A flag silences every other name of its setting; what a file says counts only where
 * no variable of the setting is set, alias or not.
 */
export function layered(flags: Named, env: Environment, file: Named): Layered {
  const rows = rowsFor(chosenProviders(flags, env, file));
  const said = { ...env };
  const isSet = (variable: string): boolean => (fromEnv[variable] ?? '').trim() !== '';
  // Several of Wonderwall's variables make one setting of ours: together they are one of its names.
  const { env: fromEnv } = fromWonderwall(env);
  const problems: string[] = [];
  for (const [name, value] of Object.entries(flags)) {
    const row = rows.get(name);
    if (row === undefined) problems.push(unknownFlag('login', name, rows.keys()));
    else set(said, row, value);
  }
  for (const [name, value] of Object.entries(file)) {
    const row = rows.get(name);
    if (row === undefined) problems.push(`${name} in the configuration file is not a setting of this program`);
    else if (flags[name] === undefined && ![row.env, ...(row.aliases ?? [])].some(isSet)) set(said, row, value);
  }
  return { env: said, problems };
}

function set(env: Record<string, string | undefined>, row: Row, value: string): void {
  for (const alias of [...(row.aliases ?? []), ...(PARTS[row.env] ?? [])]) delete env[alias];
  env[row.env] = value;
}

/** Variables that mean a setting of ours only together with others. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  [variableOf('upstream')]: ['WONDERWALL_UPSTREAM_IP', 'WONDERWALL_UPSTREAM_PORT'],
  [variableOf('store')]: ['WONDERWALL_REDIS_TLS', 'WONDERWALL_REDIS_USERNAME', 'WONDERWALL_REDIS_PASSWORD'],
  [variableOf('role')]: ['WONDERWALL_SSO_ENABLED'],
};

function speaksOfProviders([name]: readonly [string, string]): boolean {
  return name === 'provider' || /^provider\..*\.kind$/.test(name);
}

/** Which settings there are depends on the providers, and on their kinds. */
function chosenProviders(flags: Named, env: Environment, file: Named): Environment {
  const { env: fromEnv } = fromWonderwall(env);
  const below = (fromEnv['WONDERWALL_OPENID_PROVIDER'] ?? '') === '' ? asVariables(file) : {};
  const given = Object.fromEntries(Object.entries(fromEnv).filter(([, value]) => (value ?? '').trim() !== ''));
  return { ...below, ...given, ...asVariables(flags) };
}

function asVariables(layer: Named): Environment {
  const named = Object.entries(layer).filter(speaksOfProviders);
  return Object.fromEntries(named.map(([name, value]) => [variableOf(name), value]));
}

function rowsFor(env: Environment): ReadonlyMap<string, Row> {
  const { main, others, kindVariables } = tablesFor(env);
  const rows: Row[] = [main, ...others.map(({ table }) => table)].flatMap((table) => Object.values<Row>({ ...table }));
  const kinds = kindVariables.map(
    (variable): Row => ({
      env: variable,
      name: `provider.${/_PROVIDER_(.{0,200})_KIND$/.exec(variable)?.[1]?.toLowerCase().replaceAll('_', '-')}.kind`,
    }),
  );
  return new Map([...rows, ...kinds].flatMap((row) => (row.name === undefined ? [] : [[row.name, row]])));
}
