import assert from 'node:assert/strict';
import type { Json } from './case.ts';
import { CaseFault, isList, isObject, spell } from './shape.ts';

/** How sharply times are compared: not at all blurred where the clock is the driver's own. */
export interface MatchContext {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly blurSeconds: number;
}

type Matcher = (actual: unknown, operand: Json, at: string, context: MatchContext) => void;

/** Every matcher by its name. A literal matches what is the same; objects have exactly the members named. */
const MATCHERS: ReadonlyMap<string, Matcher> = new Map<string, Matcher>([
  ['$match', textual('a text that matches', (text, operand) => new RegExp(operand, 'u').test(text))],
  ['$contains', textual('a text that contains', (text, operand) => text.includes(operand))],
  ['$lacks', textual('a text without', (text, operand) => !text.includes(operand))],
  ['$between', (actual, operand, at) => between(actual, operand, at)],
  ['$oneOf', (actual, operand, at, context) => oneOf(actual, operand, at, context)],
  ['$at', (actual, operand, at, context) => atPaths(actual, operand, at, context)],
  ['$has', (actual, operand, at, context) => has(actual, operand, at, context)],
  ['$any', (actual, _operand, at) => void (actual === undefined && mismatch(actual, 'anything', at))],
  [
    '$now',
    (actual, operand, at, { now, blurSeconds }) =>
      between(actual, [now + Number(operand) - blurSeconds, now + Number(operand) + blurSeconds], at),
  ],
  [
    '$seconds',
    (actual, operand, at, { blurSeconds }) => between(actual, [Number(operand) - blurSeconds, Number(operand)], at),
  ],
]);

/** Throws CaseFault for a matcher that does not exist, or that stands beside other members. */
export function checkMatchers(expected: Json, at: string): void {
  if (isList(expected)) for (const [index, item] of expected.entries()) checkMatchers(item, `${at}[${index}]`);
  if (!isObject(expected)) return;
  const names = Object.keys(expected);
  const matcher = names.find((name) => name.startsWith('$'));
  if (matcher !== undefined && (!MATCHERS.has(matcher) || names.length > 1)) {
    throw new CaseFault(`${at}: ${names.join(', ')} is no matcher`);
  }
  for (const name of names) checkMatchers(expected[name] ?? null, `${at}.${name}`);
}

/** Throws AssertionError, which says where and what, unless `actual` is as expected. */
export function match(actual: unknown, expected: Json, at: string, context: MatchContext): void {
  if (isList(expected)) {
    if (!isListOf(actual) || actual.length !== expected.length) return mismatch(actual, spelt(expected), at);
    for (const [index, item] of expected.entries()) match(actual[index], item, `${at}[${index}]`, context);
  } else if (!isObject(expected)) {
    if (actual !== expected) mismatch(actual, spelt(expected), at);
  } else if (!matchByName(actual, expected, at, context)) {
    if (!isObject(actual)) return mismatch(actual, spelt(expected), at);
    const [had, wanted] = [Object.keys(actual).toSorted().join(), Object.keys(expected).toSorted().join()];
    if (had !== wanted) mismatch(actual, `exactly the members ${wanted}`, at);
    for (const [name, item] of Object.entries(expected)) match(actual[name], item, `${at}.${name}`, context);
  }
}

/** Throws AssertionError: what was wanted, in words, and what came instead. */
export function mismatch(actual: unknown, wanted: string, at: string): never {
  // JSON has no word for what is not there.
  const got = actual === undefined ? 'nothing' : JSON.stringify(actual);
  throw told(`${at}\n  expected: ${wanted}\n  got:      ${got}`);
}

/** What does not hold, in words. */
export function told(message: string): assert.AssertionError {
  return new assert.AssertionError({ message });
}

function spelt(expected: Json): string {
  return JSON.stringify(expected);
}

function matchByName(
  actual: unknown,
  expected: { readonly [name: string]: Json },
  at: string,
  context: MatchContext,
): boolean {
  const [name = ''] = Object.keys(expected);
  const matcher = MATCHERS.get(name);
  matcher?.(actual, expected[name] ?? null, at, context);
  return matcher !== undefined;
}

function isListOf(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** A matcher of texts alone. */
function textual(words: string, fits: (text: string, operand: string) => boolean): Matcher {
  return (actual, operand, at) => {
    if (typeof actual !== 'string' || !fits(actual, spell(operand))) mismatch(actual, `${words} ${spelt(operand)}`, at);
  };
}

function between(actual: unknown, operand: Json, at: string): void {
  const [least = Number.NaN, most = Number.NaN] = isList(operand) ? operand.map(Number) : [];
  const fits = typeof actual === 'number' && actual >= least && actual <= most;
  if (!fits) mismatch(actual, least === most ? String(least) : `a number from ${least} to ${most}`, at);
}

function oneOf(actual: unknown, operand: Json, at: string, context: MatchContext): void {
  const fits = (isList(operand) ? operand : []).some((candidate) => {
    try {
      match(actual, candidate, at, context);
      return true;
    } catch {
      return false;
    }
  });
  if (!fits) mismatch(actual, `one of ${spelt(operand)}`, at);
}

function has(actual: unknown, operand: Json, at: string, context: MatchContext): void {
  if (!isObject(actual) || !isObject(operand)) return mismatch(actual, `an object with ${spelt(operand)}`, at);
  for (const [name, item] of Object.entries(operand)) match(actual[name], item, `${at}.${name}`, context);
}

/** Members by their names one below the other, with dots between them; others are as they are. */
function atPaths(actual: unknown, operand: Json, at: string, context: MatchContext): void {
  for (const [path, item] of isObject(operand) ? Object.entries(operand) : []) {
    const found = path.split('.').reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), actual);
    match(found, item, `${at}.${path}`, context);
  }
}
