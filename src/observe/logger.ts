import { destination as openDestination, pino } from 'pino';
import type { Level } from './events.ts';
import type { Plain } from './redact.ts';
import { printableJson } from './scrub.ts';
import { textLine } from './text-line.ts';

/** Where log lines go: standard error, nowhere, anything that takes text, or else the path of a file. */
export type LogDestination = 'stderr' | 'silent' | (string & {}) | { write(text: string): unknown };

/** Writes log lines; a line is with the operating system when `write` returns. */
export interface Logger {
  write(level: Level, fields: Readonly<Record<string, Plain>>): void;
  /** Whether lines of this level are written at all. */
  writes(level: Level): boolean;
  close(): void;
}

interface Sink {
  write(text: string): unknown;
  close(): void;
}

/** `now` in seconds since the epoch; `level` is the least that is written. The fields are written as they are. */
export function createLogger(options: {
  readonly level: string;
  readonly destination: LogDestination;
  readonly format: 'json' | 'text';
  readonly now: () => number;
}): Logger {
  const { level, destination, format, now } = options;
  const sink = openSink(destination);
  const logger = pino(
    {
      level: destination === 'silent' ? 'silent' : level,
      base: null,
      timestamp: () => `,"time":"${new Date(now() * 1000).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => void sink.write(format === 'text' ? textLine(line) : printableJson(line)) },
  );
  return {
    write: (at, fields) => logger[at](fields),
    writes: (at) => logger.isLevelEnabled(at),
    close: () => sink.close(),
  };
}

function openSink(destination: LogDestination): Sink {
  if (typeof destination === 'object') return { write: (text) => destination.write(text), close: () => {} };
  if (destination === 'silent') return { write: () => {}, close: () => {} };
  const isFile = destination !== 'stderr';
  const stream = openDestination({ dest: isFile ? destination : 2, sync: true, mode: 0o600 });
  // A log that nobody reads any more (a closed pipe, a full disk) must not end the program; the audit file is another matter.
  stream.on('error', () => {});
  return {
    write: (text) => stream.write(text),
    close: () => {
      if (isFile) stream.end();
    },
  };
}
