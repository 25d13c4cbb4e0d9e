/** What `fullmakt login` was asked to do. */
export interface LoginCommand {
  /** Settings by name, as flags give them. */
  readonly flags: Readonly<Record<string, string>>;
  /** A file of settings. */
  readonly config: string | undefined;
  readonly json: boolean;
  /** Judges the settings and does not start. */
  readonly check: boolean;
}

/** A command line that says something else than `fullmakt login` can do; the message names what. */
class LoginUsage extends Error {
  readonly exitCode: number = 2;
  constructor(message: string) {
    super(`${message} (fullmakt login --help)`);
  }
}

const FLAG = /^--([a-z][a-z0-9.-]*)(?:=(.*))?$/s;

/**
 * Reads the arguments after `fullmakt login`: `--name value` or `--name=value` for every setting; a name that nothing follows, or
 * another flag, is `true`. Whether a name is a setting is judged with the settings. Throws LoginUsage.
 */
export function parseLoginArguments(args: readonly string[]): LoginCommand {
  const values = new Map<string, string>();
  const left = [...args];
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    const [, name, given] = FLAG.exec(arg) ?? [];
    if (name === undefined) throw new LoginUsage(`login takes flags alone, not ${arg.startsWith('-') ? arg : 'words'}`);
    if (values.has(name)) throw new LoginUsage(`--${name} is there twice`);
    const isAlone = ['json', 'check'].includes(name) || left[0] === undefined || left[0].startsWith('--');
    values.set(name, given ?? (isAlone ? 'true' : (left.shift() ?? 'true')));
  }
  const take = (name: string): string | undefined => {
    const value = values.get(name);
    values.delete(name);
    return value;
  };
  const config = take('config');
  if (config === 'true') throw new LoginUsage('--config takes a file');
  return {
    config,
    json: switchOf('json', take('json')),
    check: switchOf('check', take('check')),
    flags: Object.fromEntries(values),
  };
}

function switchOf(name: string, value: string | undefined): boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new LoginUsage(`--${name} takes no value`);
}
