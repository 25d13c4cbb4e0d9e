import { Misconfigured } from './misconfigured.ts';
import type { ServerCommand } from './server-arguments.ts';

/** Settings that can be used, as they may be shown. */
interface Usable {
  readonly effective: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

/** `--check`: judges, and says what it found: to people on both outputs, to scripts as one document whatever it is. */
export async function checkSettings(command: ServerCommand, read: () => Usable | Promise<Usable>): Promise<number> {
  try {
    const { effective, warnings } = await read();
    if (command.json) print({ ok: true, warnings, settings: effective });
    else {
      for (const warning of warnings) process.stderr.write(`${warning}\n`);
      process.stdout.write('the settings are usable\n');
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
