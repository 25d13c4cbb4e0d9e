import { ConfigError } from '../config-error.ts';
import type { NonEmpty } from '../result.ts';

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
  const values: readonly string[] = typeof rule === 'string' ? [rule] : 'any' in rule ? rule.any : rule.all;
  if (!Array.isArray(values) || values.length === 0) throw new ConfigError([`${where}: the list is empty`]);
  for (const value of values) {
    if (typeof value !== 'string' || value === '' || /\s/.test(value)) {
      throw new ConfigError([`${where}: every entry has to be one word without white space`]);
    }
  }
  const any = typeof rule !== 'string' && 'any' in rule;
  return {
    text: values.join(any ? ' or ' : ' and '),
    values,
    satisfiedBy: (present) =>
      any ? values.some((value) => present.includes(value)) : values.every((value) => present.includes(value)),
  };
}
