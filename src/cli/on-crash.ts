import { writeSync } from 'node:fs';
import { printableText, REDACTED, scrubText } from '../observe/scrub.ts';

const STDERR = 2;
const MAX_CAUSES = 4;
const CRASHED = 1;

/** Has a process that fails where nobody expected it say where, without values, and end with 1: whatever started it starts it anew. */
export function endOnCrash(): void {
  process.on('uncaughtException', (error) => {
    try {
      writeSync(STDERR, `fullmakt: ended by a fault that nobody expected\n${crashText(error)}\n`);
    } finally {
      process.exit(CRASHED);
    }
  });
}

/**
 * A fault as it may be printed: names, messages and frames of the error and its causes. Members are left out, and so is every part of a
 * message that may be a secret, for nobody knows what it was made of.
 */
export function crashText(error: unknown): string {
  const texts: string[] = [];
  let each = error;
  while (each instanceof Error && texts.length < MAX_CAUSES) {
    texts.push(described(each));
    each = each.cause;
  }
  return texts.length === 0 ? `a value that is no error: ${typeof error}` : texts.join('\ncaused by ');
}

function described(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => FRAME.test(line));
  return [`${hidden(error.name)}: ${hidden(error.message)}`, ...frames.map(hidden)].join('\n');
}

/** What V8 writes for a call. A message could have such a line too, so its words are looked at like those of the rest. */
const FRAME = /^ {4}at .{1,400}:\d{1,9}:\d{1,9}\)?$/;

/** Long words with a digit are what secrets look like; names of things are shorter or have none. */
const WORD = /[A-Za-z0-9_~+=-]{16,}/g;

function hidden(text: string): string {
  return printableText(
    scrubText(text).replace(WORD, (word) => (/\d/.test(word) || word.length > 40 ? REDACTED : word)),
  );
}
