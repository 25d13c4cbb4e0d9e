/** A command whose settings are flags, variables or names in a file. */
type Program = 'login' | 'sidecar';

/** What such a command was asked to do. */
export interface ServerCommand {
  /** Settings by name, as flags give them. */
  readonly flags: Readonly<Record<string, string>>;
  /** A file of settings. */
  readonly config: string | undefined;
  readonly json: boolean;
  /** Judges the settings and does not start. */
  readonly check: boolean;
}

/** A command line that says something else than the command can do; the message names what. */
class ServerUsage extends Error {
  readonly exitCode: number = 2;
  constructor(program: Program, message: string) {
    super(`${message} (fullmakt ${program} --help)`);
  }
}

const FLAG = /^--([a-z][a-z0-9.-]*)(?:=(.*))?$/s;

/**
 * Reads the arguments after `fullmakt login` or `fullmakt sidecar`: `--name value` or `--name=value` for every setting; a name that
 * nothing follows, or another flag, is `true`. Whether a name is a setting is judged with the settings. Throws ServerUsage.
 */
export function parseServerArguments(program: Program, args: readonly string[]): ServerCommand {
  const usage = (message: string): ServerUsage => new ServerUsage(program, message);
  const values = new Map<string, string>();
  const left = [...args];
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    const [, name, given] = FLAG.exec(arg) ?? [];
    if (name === undefined) throw usage(`${program} takes flags alone, not ${arg.startsWith('-') ? arg : 'words'}`);
    if (values.has(name)) throw usage(`--${name} is there twice`);
    const isAlone = ['json', 'check'].includes(name) || left[0] === undefined || left[0].startsWith('--');
    values.set(name, given ?? (isAlone ? 'true' : (left.shift() ?? 'true')));
  }
  const take = (name: string): string | undefined => {
    const value = values.get(name);
    values.delete(name);
    return value;
  };
  const isOn = (name: string): boolean => {
    const value = take(name);
    if (value !== undefined && value !== 'false' && value !== 'true') throw usage(`--${name} takes no value`);
    return value === 'true';
  };
  const config = take('config');
  if (config === 'true') throw usage('--config takes a file');
  return {
    config,
    json: isOn('json'),
    check: isOn('check'),
    flags: Object.fromEntries(values),
  };
}
