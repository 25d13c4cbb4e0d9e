import { isJsonObject } from '../../oauth/objects.ts';
import { ConfigError } from '../config-error.ts';
import type { NonEmpty } from '../result.ts';
import { assertNoMore } from './no-more.ts';

/** One string, any of several, or all of them; compared exactly. */
export type AnyAll = string | { readonly any: NonEmpty<string> } | { readonly all: NonEmpty<string> };

/** A checked rule: what it wants, and whether a list satisfies it. */
export interface Wanted {
  readonly text: string;
  readonly values: readonly string[];
  satisfiedBy(present: readonly string[]): boolean;
}

/** Checks a rule. Throws ConfigError on an empty list, an empty string or white space inside one. */
export function parseAnyAll(rule: AnyAll, where: string): Wanted {
  const { values, any } = valuesOf(rule, where);
  if (values.length === 0) throw new ConfigError([`${where}: the list is empty`]);
  if (!values.every(isWord)) throw new ConfigError([`${where}: every entry has to be one word without white space`]);
  return {
    text: values.join(any ? ' or ' : ' and '),
    values,
    satisfiedBy: (present) =>
      any ? values.some((value) => present.includes(value)) : values.every((value) => present.includes(value)),
  };
}

/** The one argument of a guard. Throws ConfigError as `parseAnyAll` does, and for one more, which would be passed over. */
export function parseOnly([rule, ...more]: readonly [AnyAll, ...(readonly unknown[])], where: string): Wanted {
  assertNoMore(more, `${where}: one rule is taken; several are { any: […] } or { all: […] }`);
  return parseAnyAll(rule, where);
}

/** A rule that no type checker saw may be anything, or two rules at once. */
function valuesOf(rule: unknown, where: string): { readonly values: readonly string[]; readonly any: boolean } {
  if (typeof rule === 'string') return { values: [rule], any: false };
  const { any, all, ...others }: Record<string, unknown> = isJsonObject(rule) ? rule : {};
  const list = any ?? all;
  const isOne = (any === undefined || all === undefined) && Object.keys(others).length === 0;
  if (!isOne || !Array.isArray(list))
    throw new ConfigError([`${where}: a text, or { any: […] } or { all: […] }, is needed`]);
  return { values: Array.from<string>(list), any: any !== undefined };
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !/\s/.test(value);
}
