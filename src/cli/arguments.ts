import { parseArgs } from 'node:util';

/** A command line, read. `usage` says what was wrong with it. */
export type Command =
  | { readonly kind: 'help'; readonly of?: 'idp' | 'exchange' | 'login' | 'sidecar' }
  | { readonly kind: 'version' }
  | { readonly kind: 'usage'; readonly says: string }
  | {
      readonly kind: 'up';
      readonly dir: string | undefined;
      readonly json: boolean;
      readonly without: readonly string[];
    }
  | {
      readonly kind: 'run';
      readonly app: string;
      readonly command: readonly string[];
      readonly dir: string | undefined;
    }
  | {
      readonly kind: 'validate' | 'explain' | 'idp' | 'exchange' | 'login' | 'sidecar';
      readonly args: readonly string[];
    };

const APP = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Reads the arguments after `fullmakt`. */
export function parseCommandLine(args: readonly string[]): Command {
  const [name, ...rest] = args;
  if (name === undefined || ['--help', '-h', 'help'].includes(name)) return { kind: 'help' };
  if (['--version', '-v'].includes(name)) return { kind: 'version' };
  if (name === 'validate' || name === 'explain') return { kind: name, args: rest };
  const alone = name === 'idp' || name === 'exchange' || name === 'login' || name === 'sidecar';
  if (alone && rest.some((arg) => ['--help', '-h'].includes(arg))) return { kind: 'help', of: name };
  if (rest[0] === '--help' || rest[0] === '-h') return { kind: 'help' };
  if (alone) return { kind: name, args: rest };
  try {
    if (name === 'up') return parseUp(rest);
    if (name === 'run') return parseRun(rest);
  } catch (error) {
    return { kind: 'usage', says: error instanceof Error ? error.message : String(error) };
  }
  return { kind: 'usage', says: `there is no command ${name}` };
}

function parseUp(args: readonly string[]): Command {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, without: { type: 'string', multiple: true, default: [] } },
    allowPositionals: true,
  });
  if (positionals.length > 1) return { kind: 'usage', says: `up takes one folder, not ${positionals.length}` };
  const wrong = values.without.find((app) => !APP.test(app));
  if (wrong !== undefined) return { kind: 'usage', says: `--without takes <namespace>/<app>, not ${wrong}` };
  return { kind: 'up', dir: positionals[0], json: values.json, without: values.without };
}

function parseRun(args: readonly string[]): Command {
  const at = args.indexOf('--');
  const command = at === -1 ? [] : args.slice(at + 1);
  const { values, positionals } = parseArgs({
    args: at === -1 ? [...args] : args.slice(0, at),
    options: { dir: { type: 'string' } },
    allowPositionals: true,
  });
  const [app = '', ...more] = positionals;
  if (!APP.test(app) || more.length > 0) return { kind: 'usage', says: 'run takes <namespace>/<app> -- <command...>' };
  if (command.length === 0)
    return { kind: 'usage', says: `nothing to run: put the command after --, as in: fullmakt run ${app} -- npm start` };
  return { kind: 'run', app, command, dir: values.dir };
}
