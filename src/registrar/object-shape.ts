import { complain, mark } from './reading.ts';
import type { Reading } from './reading.ts';
import { absent, wrongType } from './shape.ts';
import type { Shape } from './shape.ts';
import { nearestName } from '../settings/nearest-name.ts';
import type { Entry, Tree } from './tree.ts';

/** One field of a map. */
export interface Field<T> {
  readonly shape: Shape<T>;
  readonly required?: boolean;
  /** Other spellings people try; a suggestion leads here. */
  readonly aliases?: readonly string[];
  /** Said when it is used. */
  readonly deprecated?: string;
}

/** The fields of a map, one for each member of what it is read into. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<NonNullable<T[K]>> };

/** A map with known fields; every other field is a problem with a suggestion. Members that are missing or wrong are absent from the result. */
export function object<T extends object>(fields: Fields<T>): Shape<T> {
  const table = new Map<string, Field<unknown>>(Object.entries<Field<unknown>>(fields));
  return {
    kind: 'a map',
    fields,
    read(tree, path, reading) {
      if (absent(tree, path, reading)) return undefined;
      if (tree.kind !== 'map') return wrongType('a map', tree, path, reading);
      const values: Record<string, unknown> = {};
      for (const entry of tree.entries) {
        const field = table.get(entry.key);
        if (field === undefined) unknownField(entry, path, table, reading);
        else readField({ field, entry, path: join(path, entry.key), reading, values });
      }
      requireFields(table, tree, path, reading);
      // oxlint-disable-next-line typescript/consistent-type-assertions -- each member was read by the shape of its own field
      return values as T;
    },
  };
}

/** A field that may be missing. */
export function optional<T>(shape: Shape<T>, more: Omit<Field<T>, 'shape'> = {}): Field<T> {
  return { shape, ...more };
}

/** A field that must be there. */
export function required<T>(shape: Shape<T>): Field<T> {
  return { shape, required: true };
}

/** Every field name below a shape with the paths of the maps that have it. */
export function fieldIndex(shape: Shape<unknown>, path: string): ReadonlyMap<string, readonly string[]> {
  const index = new Map<string, string[]>();
  const visit = (each: Shape<unknown>, at: string): void => {
    if (each.item !== undefined) visit(each.item, `${at}[]`);
    for (const [name, field] of Object.entries(each.fields ?? {})) {
      index.set(name, [...(index.get(name) ?? []), at]);
      visit(field.shape, join(at, name));
    }
  };
  visit(shape, path);
  return index;
}

function readField(step: {
  readonly field: Field<unknown>;
  readonly entry: Entry;
  readonly path: string;
  readonly reading: Reading;
  readonly values: Record<string, unknown>;
}): void {
  const { field, entry, path, reading, values } = step;
  mark(reading, path, entry.keyAt);
  if (field.deprecated !== undefined) {
    complain(reading, path, entry.keyAt, { type: 'Deprecation', code: 'deprecated', message: field.deprecated });
  }
  const value = field.shape.read(entry.value, path, reading);
  if (value !== undefined) values[entry.key] = value;
}

function requireFields(fields: ReadonlyMap<string, Field<unknown>>, tree: Tree, path: string, reading: Reading): void {
  if (tree.kind !== 'map') return;
  const present = new Set(tree.entries.filter((entry) => !isNull(entry.value)).map((entry) => entry.key));
  const at = reading.positions.get(path) ?? tree.at;
  for (const [name, field] of fields) {
    if (field.required !== true || present.has(name)) continue;
    const message = `${name} is missing: expected ${field.shape.kind}`;
    complain(reading, join(path, name), at, { type: 'Error', code: 'missing-field', message });
  }
}

function unknownField(entry: Entry, path: string, fields: ReadonlyMap<string, Field<unknown>>, reading: Reading): void {
  const complaint = { type: reading.unknownFields, code: 'unknown-field', message: 'no such field' } as const;
  complain(reading, join(path, entry.key), entry.keyAt, { ...complaint, hint: hintFor(entry.key, fields, reading) });
}

function hintFor(key: string, fields: ReadonlyMap<string, Field<unknown>>, reading: Reading): string | undefined {
  const lower = key.toLowerCase();
  const alias = [...fields].find(([, field]) => field.aliases?.some((each) => each.toLowerCase() === lower))?.[0];
  const near = alias ?? nearestName(key, fields.keys());
  if (near !== undefined) return `did you mean "${near}"?`;
  const places = reading.elsewhere.get(key);
  return places === undefined ? undefined : `"${key}" belongs in ${places.join(' or ')}`;
}

function isNull(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.value === null;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
