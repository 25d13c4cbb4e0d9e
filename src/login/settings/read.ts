/** All settings of one instance: read from their tables, every problem at once. Pure. */
import { importSigningKey } from '../../oauth/jwk.ts';
import type { SigningKey } from '../../oauth/jwk.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import type { ClientCredential } from '../../providers/client-authentication.ts';
import type { Environment, SettingsTable } from '../../settings.ts';
import { readSettings } from '../../settings.ts';
import type { ClientSettings } from './client.ts';
import { clientTable } from './client.ts';
import { judgeAmounts } from './judge-amounts.ts';
import { judgeSso } from './judge-sso.ts';
import { judgeTogether } from './judge.ts';
import { variableOf } from './kinds.ts';
import type { NamedProvider } from './provider-names.ts';
import { readProviderNames } from './provider-names.ts';
import { judgeProvider } from './providers.ts';
import type { LoginSettings } from './table.ts';
import { settingsOf } from './table.ts';
import { judgeCollector } from './telemetry.ts';
import { fromWonderwall } from './wonderwall.ts';

/** What all programs of this name begin their variables with. */
const PREFIX = 'FULLMAKT_LOGIN_';

/** A provider whose settings were found good. */
interface GoodProvider {
  readonly named: NamedProvider;
  readonly settings: ClientSettings;
  readonly credential: ClientCredential;
}

/** Settings that were found good, alone and together. */
export interface GoodSettings {
  readonly settings: LoginSettings;
  readonly providers: readonly GoodProvider[];
  readonly tokenxKey: SigningKey | undefined;
  readonly warnings: readonly string[];
}

interface ReadTable<T> {
  readonly settings: T | undefined;
  readonly usable: Partial<T>;
  readonly wrong: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

/** The tables that an environment is read by: the first provider's is part of the main one. */
export interface LoginTables {
  readonly main: SettingsTable<LoginSettings>;
  readonly others: readonly { readonly named: NamedProvider; readonly table: SettingsTable<ClientSettings> }[];
  /** Variables that belong to no row but may be set. */
  readonly kindVariables: readonly string[];
}

/** The tables for the providers that this environment names. */
export function tablesFor(env: Environment): LoginTables {
  const { all, kindVariables } = readProviderNames(env);
  const [first, ...others] = all;
  return {
    main: settingsOf(first.kinds),
    others: others.map((named) => ({ named, table: clientTable(named) })),
    kindVariables,
  };
}

function read<T>(
  table: SettingsTable<T>,
  env: Environment,
  problems: string[],
  options: { readonly prefix?: string; readonly known?: ReadonlySet<string> } = {},
): ReadTable<T> {
  const result = readSettings(table, env, options);
  if (result.ok)
    return { settings: result.settings, usable: result.settings, wrong: new Set(), warnings: result.warnings };
  problems.push(...result.problems);
  const { usable } = result;
  return { settings: undefined, usable, wrong: wrongMembers(table, env, usable), warnings: [] };
}

/** The members that are set, but to nothing that could be read. */
function wrongMembers(table: object, env: Environment, usable: object): ReadonlySet<string> {
  const rows = Object.entries<{ readonly env: string; readonly aliases?: readonly string[] }>({ ...table });
  const isSet = (variable: string): boolean => (env[variable] ?? '').trim() !== '';
  return new Set(
    rows.flatMap(([member, row]) =>
      !Object.hasOwn(usable, member) && [row.env, ...(row.aliases ?? [])].some(isSet) ? [member] : [],
    ),
  );
}

/** What is reserved is refused by name, so that nobody believes it is in force. */
function refuseReserved(env: Environment): readonly string[] {
  return Object.keys(env)
    .filter((variable) => variable.startsWith(PREFIX) && /_DPOP(?:_|$)/.test(variable))
    .map((variable) => `${variable}: DPoP is not supported yet`);
}

function withoutReserved(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(([variable]) => !variable.startsWith(PREFIX) || !/_DPOP(?:_|$)/.test(variable)),
  );
}

function readTokenxKey(
  { exchangeTokenxClientJwk: jwk }: Partial<LoginSettings>,
  problems: string[],
): SigningKey | undefined {
  if (jwk === undefined) return undefined;
  try {
    return importSigningKey(parseStrictJson(jwk));
  } catch {
    problems.push(`${variableOf('exchange.tokenx.client-jwk')} is not usable: expected a private JWK with kid`);
    return undefined;
  }
}

/** Each once, with nothing that gets one in where a URL is quoted. */
function toldSafely(problems: readonly string[]): readonly string[] {
  return [...new Set(problems.map((problem) => problem.replaceAll(/\S+/g, withoutUserInfo)))];
}

function withoutUserInfo(word: string): string {
  const [start, end] = [word.indexOf('://'), word.lastIndexOf('@')];
  return start === -1 || end < start ? word : `${word.slice(0, start)}://[redacted]${word.slice(end)}`;
}

/** Reads an environment: good settings, or all that is wrong with it. */
export function readLoginSettings(
  given: Environment,
): { readonly ok: true; readonly good: GoodSettings } | { readonly ok: false; readonly problems: readonly string[] } {
  const { env, problems: translation, warnings } = fromWonderwall(withoutReserved(given));
  const names = readProviderNames(env);
  const problems: string[] = [...refuseReserved(given), ...translation, ...names.problems];
  const { main: mainTable, others } = tablesFor(env);
  const known = new Set([
    ...names.kindVariables,
    ...others.flatMap(({ table }) => Object.values(table).map((row) => row.env)),
  ]);
  const main = read(mainTable, env, problems, { prefix: PREFIX, known });
  const rest = others.map(({ named, table }) => ({ named, ...read(table, env, problems) }));
  const all = [{ named: names.all[0], ...main }, ...rest];
  const local = main.usable.allowLocalProviders ?? { allowed: true, hosts: [] };
  const isClient = main.usable.role !== 'sso-proxy';
  const providers = all.flatMap(({ named, settings, usable, wrong }): GoodProvider[] => {
    const judged = judgeProvider({ named, settings: usable, wrong }, { local, isClient });
    problems.push(...judged.problems);
    if (settings === undefined || judged.credential === undefined) return [];
    return [{ named, settings, credential: judged.credential }];
  });
  problems.push(
    ...judgeTogether(
      main.usable,
      names.all.map(({ name }) => name),
    ),
    ...judgeSso(main.usable),
    ...judgeAmounts(main.usable),
    ...judgeCollector(env),
  );
  const tokenxKey = readTokenxKey(main.usable, problems);
  if (main.settings === undefined || problems.length > 0) return { ok: false, problems: toldSafely(problems) };
  const said = [...warnings, ...all.flatMap((one) => one.warnings)];
  return { ok: true, good: { settings: main.settings, providers, tokenxKey, warnings: said } };
}
