import { resolve } from 'node:path';
import { readSettings, redactSettings } from '../settings.ts';
import type { Environment, SettingsTable } from '../settings.ts';
import { sidecarProblems } from '../sidecar/config-problems.ts';
import { sidecarSettings } from '../sidecar/config.ts';
import { apiAddress } from '../sidecar/listens-at.ts';
import { forgottenSwitches, providersOn } from '../sidecar/providers-on.ts';
import type { SidecarConfig } from '../sidecar/config.ts';
import type { ReloadSource } from '../sidecar/reload/reload.ts';
import { readFoldersNamedIn } from '../sidecar/reload/secret-folders.ts';
import { callLimits, sidecarServerSettings } from '../sidecar/server-config.ts';
import type { SidecarServerConfig } from '../sidecar/server-config.ts';
import { readConfigFile } from './config-file.ts';
import type { Named } from './config-file.ts';
import { Misconfigured } from './misconfigured.ts';
import type { ServerCommand } from './server-arguments.ts';
import { unknownFlag } from './unknown-flag.ts';

/** Settings with which a sidecar can start. */
export interface SidecarSetUp {
  readonly config: SidecarConfig;
  readonly server: SidecarServerConfig;
  /** Where the settings came from, to be read there again. */
  readonly reload: ReloadSource;
  readonly warnings: readonly string[];
  /** The names of those that are on; absent for a daemon, whose applications have their own. */
  readonly providers?: readonly string[];
  /** Every setting in force, with nothing secret in it. */
  readonly effective: Readonly<Record<string, unknown>>;
}

interface Row {
  readonly env: string;
  readonly aliases?: readonly string[];
}

const PREFIX = 'FULLMAKT_SIDECAR_';
const ROWS: readonly Row[] = [sidecarSettings, sidecarServerSettings].flatMap((table) =>
  Object.values<Row>({ ...table }),
);
const BY_NAME: ReadonlyMap<string, Row> = new Map(ROWS.map((row) => [sidecarFlag(row.env), row]));
const KNOWN: ReadonlySet<string> = new Set(ROWS.flatMap(({ env, aliases = [] }) => [env, ...aliases]));

/** What a variable is called as a flag and in a file: in small letters with dashes, without the prefix of the sidecar's own. */
export function sidecarFlag(variable: string): string {
  const name = variable.startsWith(PREFIX) ? variable.slice(PREFIX.length) : variable;
  return name.toLowerCase().replaceAll('_', '-');
}

/**
 * The settings of `fullmakt sidecar`: what files in FULLMAKT_SIDECAR_SECRET_DIRS say, else the flags, else the environment, else the file, else the defaults. Nothing is fetched.
 * Throws Misconfigured, which names everything that is wrong.
 */
export async function sidecarSetUp(command: ServerCommand, env: Environment, cwd: string): Promise<SidecarSetUp> {
  const file =
    command.config === undefined ? {} : await readConfigFile(resolve(cwd, command.config), new Set(BY_NAME.keys()));
  const { env: beneath, problems } = layered(command.flags, env, file);
  const folders = await readFoldersNamedIn(beneath);
  const said = { ...beneath, ...folders.variables };
  const own = readSettings(sidecarSettings, said, { prefix: PREFIX, known: KNOWN });
  const process = readSettings(sidecarServerSettings, said);
  const all = [
    ...problems,
    ...folders.problems,
    ...(own.ok ? [] : own.problems),
    ...(process.ok ? [] : process.problems),
    ...sidecarProblems(own.ok ? own.settings : own.usable),
  ];
  const silent = folders.silent.map((folder) => `${folder} holds no variable: is its volume there?`);
  // By themselves no fault: it may be the folder of a provider that nobody uses. Beside one they may well be its reason.
  if (!own.ok || !process.ok || all.length > 0) throw new Misconfigured([...all, ...silent]);
  return {
    config: own.settings,
    server: process.settings,
    reload: { env: beneath, variables: folders.variables, silent: folders.silent },
    warnings: [
      ...own.warnings,
      ...process.warnings,
      ...callLimits(process.settings).warnings,
      ...forgottenSwitches(own.settings),
      ...silent,
    ],
    ...(own.settings.appsDir === undefined && { providers: providersOn(own.settings) }),
    effective: {
      ...shown(sidecarSettings, { ...whereItListens(own.settings), ...own.settings }),
      ...shown(sidecarServerSettings, process.settings),
    },
  };
}

/** The address is in force where nobody named one, too. */
function whereItListens(config: SidecarConfig): Pick<SidecarConfig, 'bind'> {
  const bind = config.appsDir === undefined ? apiAddress(config) : undefined;
  return bind === undefined ? {} : { bind };
}

/** Settings by their flag, masked. */
function shown<T extends object>(table: SettingsTable<T>, settings: T): Record<string, unknown> {
  const rows: Readonly<Record<string, Row>> = { ...table };
  return Object.fromEntries(
    Object.entries(redactSettings(table, settings)).map(([member, value]) => [
      sidecarFlag(rows[member]?.env ?? member),
      value,
    ]),
  );
}

/** One environment that says what all layers say together, and names that are no settings. */
function layered(flags: Named, env: Environment, file: Named): { env: Environment; problems: readonly string[] } {
  const said = { ...env };
  const problems: string[] = [];
  const put = ({ env: variable, aliases = [] }: Row, value: string): void => {
    for (const alias of aliases) delete said[alias];
    said[variable] = value;
  };
  const isSet = ({ env: variable, aliases = [] }: Row): boolean =>
    [variable, ...aliases].some((name) => (said[name] ?? '').trim() !== '');
  for (const [name, value] of Object.entries(flags)) {
    const row = BY_NAME.get(name);
    if (row === undefined) problems.push(unknownFlag('sidecar', name, BY_NAME.keys()));
    else put(row, value);
  }
  for (const [name, value] of Object.entries(file)) {
    const row = BY_NAME.get(name);
    if (row === undefined) problems.push(`${name} in the configuration file is not a setting of this program`);
    else if (!isSet(row)) put(row, value);
  }
  return { env: said, problems };
}
