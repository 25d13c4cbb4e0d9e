import assert from 'node:assert/strict';
import type { Expectation, Json } from './case.ts';
import { match, mismatch, told } from './match.ts';
import type { MatchContext } from './match.ts';
import type { Answered } from './send.ts';
import { resolve } from './templates.ts';
import type { Resolve } from './templates.ts';

/** Of an answer, for whoever reads why it was the wrong one. */
const SHOWN_CHARACTERS = 300;

/** Where in a case an answer came, and what its expectations are read with. */
interface Place {
  readonly at: string;
  readonly give: Resolve;
  readonly context: MatchContext;
}

/** Holds an answer against what is expected. Throws AssertionError, which shows the answer too. */
export async function checkAnswer(answered: Answered, expect: Expectation, place: Place): Promise<void> {
  try {
    await checkParts(answered, expect, place);
  } catch (error) {
    throw error instanceof assert.AssertionError ? told(`${error.message}\n  answer:   ${shown(answered)}`) : error;
  }
}

async function checkParts(answered: Answered, expect: Expectation, { at, give, context }: Place): Promise<void> {
  const compare = async (actual: unknown, expected: Json, what: string): Promise<void> =>
    match(actual, await resolve(expected, give), `${at}: ${what}`, context);
  await compare(answered.status, expect.status, 'status');
  for (const [name, expected] of Object.entries(expect.headers)) {
    const actual = answered.headers[name.toLowerCase()];
    if (expected !== null) await compare(actual, expected, `header ${name}`);
    else if (actual !== undefined) mismatch(actual, 'no such header', `${at}: header ${name}`);
  }
  if (expect.body !== undefined) await compare(parse(answered.text, at), expect.body, 'body');
  if (expect.text !== undefined) await compare(answered.text, expect.text, 'text');
  const limit = expect.withinMilliseconds ?? Number.POSITIVE_INFINITY;
  if (answered.milliseconds > limit) mismatch(answered.milliseconds, `at most ${limit}`, `${at}: milliseconds`);
}

function parse(text: string, at: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return mismatch(text, 'JSON', `${at}: body`);
  }
}

function shown({ status, text }: Answered): string {
  if (status === 0) return 'none, nobody listens there';
  return text.length > SHOWN_CHARACTERS
    ? `${status} ${text.slice(0, SHOWN_CHARACTERS)}... (${text.length} characters)`
    : `${status} ${text}`;
}
