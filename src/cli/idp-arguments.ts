import { parseArgs } from 'node:util';
import { PERSONA_NAMES, type PersonaName } from '../idp/persona-names.ts';

/** What `fullmakt idp` was asked to do. */
export interface IdpCommand {
  /** `env` prints the hints about the CA; `start` runs the providers. */
  readonly action: 'start' | 'env';
  /** Only these, in place of those that the settings name; empty for no such wish. */
  readonly only: readonly PersonaName[];
  /** These too. */
  readonly also: readonly PersonaName[];
  readonly dir: string | undefined;
  readonly clients: string | undefined;
  readonly json: boolean;
  readonly allowNonLoopback: boolean;
}

/** A command line that says something else than `fullmakt idp` can do; the message names what. */
class IdpUsage extends Error {
  readonly exitCode: number = 2;
  constructor(message: string) {
    super(`${message} (fullmakt idp --help)`);
  }
}

/** Reads the arguments after `fullmakt idp`. Throws IdpUsage. */
export function parseIdpArguments(args: readonly string[]): IdpCommand {
  const { values, positionals } = read(args);
  const [action, ...more] = positionals;
  if ((action !== undefined && action !== 'env') || more.length > 0) {
    throw new IdpUsage(`idp takes options, or the word env, and not ${positionals.join(' ')}`);
  }
  return {
    action: action ?? 'start',
    only: values.only.map((name) => personaNamed('--only', name)),
    also: values.persona.map((name) => personaNamed('--persona', name)),
    dir: values.dir,
    clients: values.clients,
    json: values.json,
    allowNonLoopback: values['allow-non-loopback'],
  };
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- the type is what parseArgs makes of the options
function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        persona: { type: 'string', multiple: true, default: [] },
        only: { type: 'string', multiple: true, default: [] },
        dir: { type: 'string' },
        clients: { type: 'string' },
        json: { type: 'boolean', default: false },
        'allow-non-loopback': { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
  } catch (error) {
    // What follows the first sentence is advice about words that begin with a dash, of which there are none here.
    throw new IdpUsage(error instanceof Error ? error.message.replace(/\. To specify [^]*$/, '') : String(error));
  }
}

function personaNamed(flag: string, name: string): PersonaName {
  const known = PERSONA_NAMES.find((each) => each === name);
  if (known === undefined) throw new IdpUsage(`${flag} takes one of ${PERSONA_NAMES.join(', ')}, not ${name}`);
  return known;
}
