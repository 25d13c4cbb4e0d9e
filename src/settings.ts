import {
  parseAddress,
  parseBoolean,
  parseInteger,
  parseJson,
  parseSeconds,
  parseUrl,
  splitList,
} from './settings/parse.ts';
import { unknownVariables } from './settings/unknown-variable.ts';

/** Variables as a program finds them; only the entry points hand in the process's own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One setting of a program: its variable, its meaning, and how its text becomes a value. */
export interface Setting<T> {
  /** The variable that sets it. */
  readonly env: string;
  /** What it is called on a command line and in a configuration file, where a program has those. */
  readonly name?: string;
  /** Other variables that set it; the canonical one wins, then the first alias that is set. */
  readonly aliases?: readonly string[];
  /** One sentence for the documentation and for the message when it is missing. */
  readonly says: string;
  /** Never printed. */
  readonly secret?: boolean;
  /** Errors of `parse` quote nothing of the text: they are told, secret or not. */
  readonly parsesQuietly?: boolean;
  readonly fallback?: T;
  /** What the documentation shows as default when `fallback` does not say it well. */
  readonly shownDefault?: string;
  /** May be missing without a fallback: the member is then absent. */
  readonly optional?: boolean;
  /** The kind of value, in words. */
  readonly kind: string;
  /** Throws an Error whose message is the expected form. */
  readonly parse: (text: string) => T;
}

/** A program's settings, one row for each member of its configuration. */
export type SettingsTable<T> = { readonly [K in keyof T]-?: Setting<T[K]> };

type SettingSpec<T> = Omit<Setting<T>, 'kind' | 'parse'>;

/** What reading a table gives: a configuration, or every problem at once, each naming its variable. */
export type SettingsResult<T> =
  | { readonly ok: true; readonly settings: T; readonly warnings: readonly string[] }
  /** `usable` are those that were read: what they say together can still be judged. */
  | { readonly ok: false; readonly problems: readonly string[]; readonly usable: Partial<T> };

/**
 * Reads a table from an environment. An empty value counts as absent. With `prefix`, a variable that begins with it and
 * that no row names is a problem too, which tells the nearest name: a misspelt setting cannot pass unseen. `known` are variables of other tables.
 */
export function readSettings<T>(
  table: SettingsTable<T>,
  env: Environment,
  options: { readonly prefix?: string; readonly known?: ReadonlySet<string> } = {},
): SettingsResult<T> {
  const problems: string[] = [];
  const warnings: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of rows(table)) {
    const found = find(setting, env);
    if (found === undefined) {
      if (setting.fallback !== undefined) values[name] = setting.fallback;
      else if (setting.optional !== true) problems.push(`${allNames(setting)} is not set: ${setting.says}`);
      continue;
    }
    if (found.differing.length > 0)
      warnings.push(`${found.variable} is used; ${found.differing.join(', ')} says something else and is ignored`);
    try {
      values[name] = setting.parse(found.text);
    } catch (error) {
      problems.push(`${found.variable} is not usable: expected ${expectedForm(setting, error)}`);
    }
  }
  const { prefix, known = [] } = options;
  if (prefix !== undefined)
    problems.push(...unknownVariables(Object.keys(env), { prefix, names: new Set([...variablesOf(table), ...known]) }));
  // oxlint-disable-next-line typescript/consistent-type-assertions -- every row that could be read has put its member there
  const settings = values as T;
  return problems.length > 0 ? { ok: false, problems, usable: settings } : { ok: true, settings, warnings };
}

/** Makes a setting of one kind from its row. */
export type Kind<T> = (spec: SettingSpec<T>) => Setting<T>;

/** Any text. */
export const text: Kind<string> = kind('text', (value) => value);

/** An absolute http or https URL without user info or fragment, kept exactly as written (issuers compare by bytes). */
export const url: Kind<string> = kind('URL', parseUrl);

/** A whole number, not negative. */
export const integer: Kind<number> = kind('whole number', parseInteger);

/** `true` or `false`; `1` and `0` as well. */
export const boolean: Kind<boolean> = kind('true or false', parseBoolean);

/** A duration as a number of seconds: `90`, `10h`, `1h30m`, `500ms`. */
export const seconds: Kind<number> = kind('duration', parseSeconds);

/** Values separated by commas; blanks around them and empty ones are dropped. */
export const list: Kind<readonly string[]> = kind('list', splitList);

/** A JSON document; `check` turns it into a typed value or throws an Error whose message is the expected form. */
export function json<T>(check: (value: unknown) => T): Kind<T> {
  return kind('JSON', (value) => check(parseJson(value)));
}

/** One of a few words. */
export function oneOf<const W extends string>(words: readonly W[]): Kind<W> {
  return kind(words.join(' | '), (value) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw new Error(`one of ${words.join(', ')}`);
    return word;
  });
}

/** Where to listen. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A host and a port: `127.0.0.1:7440`, `localhost:0`, `[::1]:80`, `:8080` (every interface). */
export const address: Kind<Address> = kind('host:port', parseAddress);

/** The table as rows for the documentation page and for `--help`. */
export function describeSettings<T>(table: SettingsTable<T>): readonly {
  env: string;
  aliases: readonly string[];
  kind: string;
  default: string;
  says: string;
  secret: boolean;
}[] {
  return rows(table).map(([, setting]) => ({
    env: setting.env,
    aliases: setting.aliases ?? [],
    kind: setting.kind,
    default: setting.shownDefault ?? shownDefault(setting),
    says: setting.says,
    secret: setting.secret === true,
  }));
}

/** Every variable that a table reads, aliases included. */
export function variablesOf<T>(table: SettingsTable<T>): readonly string[] {
  return rows(table).flatMap(([, { env: variable, aliases = [] }]) => [variable, ...aliases]);
}

/** The settings as they may be printed at start-up: secrets masked, and credentials inside URLs. */
export function redactSettings<T extends object>(table: SettingsTable<T>, settings: T): Record<string, unknown> {
  const secret = new Set(rows(table).flatMap(([name, setting]) => (setting.secret === true ? [name] : [])));
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      secret.has(name) ? '[redacted]' : withoutCredentials(value),
    ]),
  );
}

function kind<T>(name: string, parse: (text: string) => T): Kind<T> {
  return (spec) => ({ ...spec, kind: name, parse });
}

function rows<T>(table: SettingsTable<T>): readonly [string, Setting<unknown>][] {
  return Object.entries(table);
}

function find(
  setting: Setting<unknown>,
  env: Environment,
): { variable: string; text: string; differing: readonly string[] } | undefined {
  const given = [setting.env, ...(setting.aliases ?? [])].flatMap((variable) => {
    const value = env[variable]?.trim();
    return value === undefined || value === '' ? [] : [{ variable, value }];
  });
  const first = given[0];
  if (first === undefined) return undefined;
  const differing = given.filter((other) => other.value !== first.value).map((other) => other.variable);
  return { variable: first.variable, text: first.value, differing };
}

function allNames(setting: Setting<unknown>): string {
  const aliases = setting.aliases ?? [];
  return aliases.length === 0 ? setting.env : `${setting.env} (or ${aliases.join(', ')})`;
}

function expectedForm(setting: Setting<unknown>, error: unknown): string {
  // A check written elsewhere may quote the value it refuses, so a secret gets the kind alone.
  const isTold = setting.secret !== true || setting.parsesQuietly === true;
  if (!isTold || !(error instanceof Error)) return setting.kind;
  return error.message;
}

function shownDefault(setting: Setting<unknown>): string {
  const { fallback } = setting;
  if (fallback === undefined) return setting.optional === true ? 'none' : 'required';
  if (typeof fallback === 'string') return fallback;
  if (Array.isArray(fallback)) return fallback.length === 0 ? 'none' : fallback.join(',');
  return JSON.stringify(fallback);
}

function withoutCredentials(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/i, '$1[redacted]@');
  return Array.isArray(value) ? value.map(withoutCredentials) : value;
}
