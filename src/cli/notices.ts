import type { LogDestination } from '../observe/logger.ts';
import { createLogger } from '../observe/logger.ts';
import type { Plain } from '../observe/redact.ts';

/** Says something about the process itself; a warning unless told. */
export type Notice = (message: string, level?: 'info' | 'warn') => void;

/** What the process says of itself, as lines like those of the log: whoever collects them reads one kind of line. */
interface Notices {
  readonly notice: Notice;
  /** The settings in force, with nothing secret in them. */
  readonly settings: (effective: Readonly<Record<string, unknown>>) => void;
}

/** Lines in the format of the settings, whatever their level: a start and its warnings are always told. */
export function createNotices(
  { program, format }: { readonly program: string; readonly format: 'json' | 'text' },
  now: () => number,
  destination: LogDestination = 'stderr',
): Notices {
  const logger = createLogger({ level: 'info', destination, format, now });
  return {
    notice: (message, level = 'warn') => logger.write(level, { program, event: 'notice', message }),
    settings: (effective) => {
      const settings: Plain = JSON.parse(JSON.stringify(effective));
      logger.write('info', { program, event: 'settings', settings });
    },
  };
}
