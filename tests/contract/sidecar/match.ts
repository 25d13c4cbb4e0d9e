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
  ['$match', (actual, operand, at) => assert.match(wanted(actual, at), new RegExp(spell(operand), 'u'), at)],
  [
    '$contains',
    (actual, operand, at) =>
      assert.ok(wanted(actual, at).includes(spell(operand)), `${at}: ${String(actual)} lacks ${spell(operand)}`),
  ],
  [
    '$lacks',
    (actual, operand, at) =>
      assert.ok(!wanted(actual, at).includes(spell(operand)), `${at}: ${String(actual)} holds ${spell(operand)}`),
  ],
  ['$between', (actual, operand, at) => between(actual, operand, at)],
  ['$oneOf', (actual, operand, at, context) => oneOf(actual, operand, at, context)],
  ['$has', (actual, operand, at, context) => has(actual, operand, at, context)],
  ['$any', (actual, _operand, at) => assert.notEqual(actual, undefined, `${at}: absent`)],
  [
    '$now',
    (actual, operand, at, context) =>
      near(actual, context.now + Number(operand), at, { below: context.blurSeconds, above: context.blurSeconds }),
  ],
  [
    '$seconds',
    (actual, operand, at, context) => near(actual, Number(operand), at, { below: context.blurSeconds, above: 0 }),
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

/** Throws AssertionError, which says where, unless `actual` is as expected. */
export function match(actual: unknown, expected: Json, at: string, context: MatchContext): void {
  if (isList(expected)) {
    assert.ok(isListOf(actual) && actual.length === expected.length, `${at}: ${JSON.stringify(actual)}`);
    for (const [index, item] of expected.entries()) match(actual[index], item, `${at}[${index}]`, context);
  } else if (!isObject(expected)) {
    assert.strictEqual(actual, expected, `${at}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  } else if (!matchByName(actual, expected, at, context)) {
    assert.ok(isObject(actual), `${at}: ${JSON.stringify(actual)}`);
    assert.deepEqual(Object.keys(actual).toSorted(), Object.keys(expected).toSorted(), at);
    for (const [name, item] of Object.entries(expected)) match(actual[name], item, `${at}.${name}`, context);
  }
}

function matchByName(
  actual: unknown,
  expected: { readonly [name: string]: Json },
  at: string,
  context: MatchContext,
): boolean {
  const [name = ''] = Object.keys(expected);
  const matcher = MATCHERS.get(name);
  matcher?.(actual, expected[name] ?? null, `${at} ${name}`, context);
  return matcher !== undefined;
}

function isListOf(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function wanted(actual: unknown, at: string): string {
  assert.equal(typeof actual, 'string', `${at}: ${JSON.stringify(actual)}`);
  return String(actual);
}

function near(
  actual: unknown,
  aim: number,
  at: string,
  blur: { readonly below: number; readonly above: number },
): void {
  between(actual, [aim - blur.below, aim + blur.above], at);
}

function between(actual: unknown, operand: Json, at: string): void {
  const [least, most] = isList(operand) ? operand.map(Number) : [];
  assert.ok(typeof actual === 'number', `${at}: ${JSON.stringify(actual)} is no number`);
  assert.ok(
    actual >= (least ?? Number.NaN) && actual <= (most ?? Number.NaN),
    `${at}: ${actual} is not in ${JSON.stringify(operand)}`,
  );
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
  assert.ok(fits, `${at}: ${JSON.stringify(actual)} is none of ${JSON.stringify(operand)}`);
}

function has(actual: unknown, operand: Json, at: string, context: MatchContext): void {
  assert.ok(isObject(actual) && isObject(operand), at);
  for (const [name, item] of Object.entries(operand)) match(actual[name], item, `${at}.${name}`, context);
}
