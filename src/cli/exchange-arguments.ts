import { parseArgs } from 'node:util';

/** What `fullmakt exchange` was asked to do. */
export type ExchangeCommand = {
  readonly dir: string | undefined;
  readonly json: boolean;
} & (
  | { readonly action: 'start'; readonly workers: number | undefined }
  | { readonly action: 'import'; readonly clients: string; readonly keys: string | undefined; readonly dryRun: boolean }
  | { readonly action: 'rewrap' }
  | {
      readonly action: 'issuers';
      readonly change: { readonly name: string; readonly state: 'active' | 'disabled' } | undefined;
    }
);

/** A command line that says something else than `fullmakt exchange` can do; the message names what. */
class ExchangeUsage extends Error {
  readonly exitCode: number = 2;
  constructor(message: string) {
    super(`${message} (fullmakt exchange --help)`);
  }
}

/** Reads the arguments after `fullmakt exchange`. Throws ExchangeUsage. */
export function parseExchangeArguments(args: readonly string[]): ExchangeCommand {
  const { values, positionals } = read(args);
  const { dir, json } = values;
  const [action, ...rest] = positionals;
  refuseFlags(action, values);
  switch (action) {
    case undefined:
      return { action: 'start', workers: workersOf(values.workers), dir, json };
    case 'import':
      return { action, ...importOf(rest), keys: values.keys, dryRun: values['dry-run'], dir, json };
    case 'rewrap':
      if (rest.length > 0) throw new ExchangeUsage('rewrap takes no further words');
      return { action, dir, json };
    case 'issuers':
      return { action, change: changeOf(rest), dir, json };
    default:
      throw new ExchangeUsage(`exchange knows import, rewrap and issuers, not ${action}`);
  }
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- the type is what parseArgs makes of the options
function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        workers: { type: 'string' },
        keys: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        dir: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
  } catch (error) {
    // What follows the first sentence is advice about words that begin with a dash, of which there are none here.
    throw new ExchangeUsage(error instanceof Error ? error.message.replace(/\. To specify [^]*$/, '') : String(error));
  }
}

function refuseFlags(
  action: string | undefined,
  values: { readonly workers?: string | undefined; readonly keys?: string | undefined; readonly 'dry-run': boolean },
): void {
  if (action !== undefined && values.workers !== undefined) throw new ExchangeUsage('--workers is for the server');
  if (action !== 'import' && values.keys !== undefined) throw new ExchangeUsage('--keys is for import');
  if (action !== 'import' && values['dry-run']) throw new ExchangeUsage('--dry-run is for import');
}

function workersOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d?$/.test(text)) throw new ExchangeUsage(`--workers takes a number, not ${text}`);
  return Number(text);
}

function importOf([clients, ...more]: readonly string[]): { readonly clients: string } {
  if (clients === undefined || more.length > 0) {
    throw new ExchangeUsage('import takes one file: what GET /registration/client of the old server answers');
  }
  return { clients };
}

function changeOf([verb, name, ...more]: readonly string[]): Extract<ExchangeCommand, { action: 'issuers' }>['change'] {
  if (verb === undefined) return undefined;
  if ((verb !== 'enable' && verb !== 'disable') || name === undefined || more.length > 0) {
    throw new ExchangeUsage('issuers takes nothing, enable <name> or disable <name>');
  }
  return { name, state: verb === 'enable' ? 'active' : 'disabled' };
}
