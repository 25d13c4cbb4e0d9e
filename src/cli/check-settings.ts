import { Misconfigured } from './misconfigured.ts';
import type { ServerCommand } from './server-arguments.ts';

/** Settings that can be used, as they may be shown. */
interface Usable {
  readonly effective: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
  /** Where the program has providers that are on or off. */
  readonly providers?: readonly string[];
}

/** `--check`: judges, and says what it found: to people on both outputs, to scripts as one document whatever it is. */
export async function checkSettings(command: ServerCommand, read: () => Usable | Promise<Usable>): Promise<number> {
  try {
    const { effective, warnings, providers } = await read();
    if (command.json) print({ ok: true, warnings, ...(providers && { providers }), settings: effective });
    else {
      for (const warning of warnings) process.stderr.write(`${warning}\n`);
      process.stdout.write('the settings are usable\n');
      if (providers !== undefined)
        process.stdout.write(`providers: ${providers.join(', ') || 'none is switched on'}\n`);
      print(effective);
    }
    return 0;
  } catch (error) {
    if (command.json && error instanceof Misconfigured) print({ ok: false, problems: error.problems });
    throw error;
  }
}

function print(found: unknown): void {
  process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
}
