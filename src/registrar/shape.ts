import { complain } from './reading.ts';
import type { Reading } from './reading.ts';
import type { Place, Tree } from './tree.ts';

/** How one kind of value is read: the value, or undefined after a problem was noted (or when it is absent). */
export interface Shape<T> {
  /** What is expected, in words. */
  readonly kind: string;
  /** The fields below, for suggestions. */
  readonly fields?: Readonly<Record<string, { readonly shape: Shape<unknown> }>>;
  readonly item?: Shape<unknown>;
  read(tree: Tree, path: string, reading: Reading): T | undefined;
}

/** Says what is wrong with a value, or undefined. */
export type Check<T> = (value: T) => string | undefined;

const PLACEHOLDER = /\{\{(?:(?!\{\{).)*\}\}/s;

/** Any text, or text that passes a check. */
export function text(check: Check<string> = () => undefined): Shape<string> {
  return scalar('text', (value) => (typeof value === 'string' ? value : undefined), check);
}

/** Text of one form; `form` says which. */
export function pattern(form: RegExp, says: string): Shape<string> {
  return text((value) => (form.test(value) ? undefined : `expected ${says}`));
}

/** A whole number in a range, both ends included. */
export function integer(min: number, max: number, check: Check<number> = () => undefined): Shape<number> {
  const inRange: Check<number> = (value) =>
    value < min || value > max ? `expected a number from ${min} to ${max}` : check(value);
  return scalar('a whole number', (value) => (Number.isInteger(value) ? Number(value) : undefined), inRange);
}

/** True or false. */
export const flag: Shape<boolean> = scalar('true or false', (value) =>
  typeof value === 'boolean' ? value : undefined,
);

/** One of a few words. */
export function oneOf<const W extends string>(words: readonly W[]): Shape<W> {
  const base = text((value) => (words.some((word) => word === value) ? undefined : `expected ${words.join(', ')}`));
  return {
    kind: base.kind,
    read: (tree, path, reading) => {
      const value = base.read(tree, path, reading);
      return words.find((word) => word === value);
    },
  };
}

/** A list; items that could not be read are left out. */
export function list<T>(item: Shape<T>, max = 500): Shape<readonly T[]> {
  return {
    kind: 'a list',
    item,
    read(tree, path, reading) {
      if (absent(tree, path, reading)) return undefined;
      if (tree.kind !== 'list') return wrongType('a list', tree, path, reading);
      if (tree.items.length > max) {
        invalid(`more than ${max} items`, tree.at, path, reading);
        return undefined;
      }
      const values: T[] = [];
      for (const [index, each] of tree.items.entries()) {
        const value = item.read(each, `${path}[${index}]`, reading);
        if (value !== undefined) values.push(value);
      }
      return values;
    },
  };
}

/** A map from any name to text (numbers and truth values are taken as written). */
export function texts(refuse: Check<string> = () => undefined): Shape<Readonly<Record<string, string>>> {
  return {
    kind: 'a map of texts',
    read(tree, path, reading) {
      if (absent(tree, path, reading)) return undefined;
      if (tree.kind !== 'map') return wrongType('a map', tree, path, reading);
      const values: [string, string][] = [];
      for (const { key, keyAt, value } of tree.entries) {
        const complaint = refuse(key);
        if (complaint !== undefined) invalid(complaint, keyAt, `${path}.${key}`, reading);
        else if (value.kind !== 'scalar') wrongType('text', value, `${path}.${key}`, reading);
        else values.push([key, value.value === null ? '' : String(value.value)]);
      }
      return Object.fromEntries(values);
    },
  };
}

/** Whatever stands there: known, but of no effect here. */
export const anything: Shape<true> = { kind: 'anything', read: () => true };

/** The first shape if the value is a list, the second otherwise. */
export function listOr<A, B>(whenList: Shape<A>, otherwise: Shape<B>): Shape<A | B> {
  return {
    kind: `${otherwise.kind} or a list`,
    read: (tree, path, reading): A | B | undefined =>
      tree.kind === 'list' ? whenList.read(tree, path, reading) : otherwise.read(tree, path, reading),
  };
}

/** True for an empty value, and for a placeholder, which is noted. */
export function absent(tree: Tree, path: string, reading: Reading): boolean {
  if (tree.kind === 'placeholder' || (tree.kind === 'scalar' && PLACEHOLDER.test(String(tree.value)))) {
    const message = 'an unrendered {{placeholder}}; render the manifest first';
    complain(reading, path, tree.at, { type: 'Error', code: 'template-placeholder', message });
    return true;
  }
  return tree.kind === 'scalar' && tree.value === null;
}

/** Notes that the value is of another kind. */
export function wrongType(expected: string, tree: Tree, path: string, reading: Reading): undefined {
  const found = tree.kind === 'scalar' ? describeScalar(tree.value) : `a ${tree.kind}`;
  const hint = expected === 'text' && tree.kind === 'scalar' ? 'put it in quotes' : undefined;
  const message = `expected ${expected}, found ${found}`;
  complain(reading, path, tree.at, { type: 'Error', code: 'wrong-type', message, hint });
  return undefined;
}

function scalar<T extends string | number | boolean>(
  kind: string,
  pick: (value: string | number | boolean | null) => T | undefined,
  check: Check<T> = () => undefined,
): Shape<T> {
  return {
    kind,
    read(tree, path, reading) {
      if (absent(tree, path, reading)) return undefined;
      const value = tree.kind === 'scalar' ? pick(tree.value) : undefined;
      if (value === undefined) return wrongType(kind, tree, path, reading);
      const complaint = check(value);
      if (complaint === undefined) return value;
      invalid(complaint, tree.at, path, reading);
      return undefined;
    },
  };
}

function invalid(message: string, at: Place, path: string, reading: Reading): void {
  complain(reading, path, at, { type: 'Error', code: 'invalid-value', message });
}

function describeScalar(value: string | number | boolean | null): string {
  if (value === null) return 'nothing';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}
