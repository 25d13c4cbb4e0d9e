import { isJsonObject } from '../../../src/oauth/objects.ts';
import type { Json, JsonObject } from './case.ts';

/** A case file is not what case files are. The message says where. */
export class CaseFault extends Error {}

/** Whether parsed JSON is an object. */
export function isObject(value: unknown): value is JsonObject {
  return isJsonObject(value);
}

/** Whether it is a list. */
export function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** The members of an object that may have these and no others. Throws CaseFault. */
export function members(value: Json | undefined, at: string, known: readonly string[]): Partial<JsonObject> {
  if (!isObject(value)) throw new CaseFault(`${at}: not an object`);
  const strange = Object.keys(value).find((name) => !known.includes(name));
  if (strange !== undefined) throw new CaseFault(`${at}: ${strange} is no member of it; ${known.join(', ')} are`);
  return value;
}

/** Throws CaseFault. */
export function object(value: Json | undefined, at: string): JsonObject {
  if (value === undefined) return {};
  if (!isObject(value)) throw new CaseFault(`${at}: not an object`);
  return value;
}

/** Throws CaseFault. */
export function list(value: Json | undefined, at: string): readonly Json[] {
  if (value === undefined) return [];
  if (!isList(value)) throw new CaseFault(`${at}: not a list`);
  return value;
}

/** Throws CaseFault. */
export function text(value: Json | undefined, at: string): string {
  if (typeof value !== 'string') throw new CaseFault(`${at}: not a string`);
  return value;
}

/** Throws CaseFault. */
export function texts(value: Json | undefined, at: string): readonly string[] {
  return list(value, at).map((item, index) => text(item, `${at}[${index}]`));
}

/** Throws CaseFault. */
export function textsByName(value: Json | undefined, at: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(object(value, at)).map(([name, item]) => [name, text(item, `${at}.${name}`)]),
  );
}

/** A number from 0, or negative if that may be. Throws CaseFault. */
export function number(value: Json | undefined, at: string, least = 0): number {
  if (typeof value !== 'number' || value < least) throw new CaseFault(`${at}: not a number from ${least}`);
  return value;
}

/** False unless given. Throws CaseFault. */
export function flag(value: Json | undefined, at: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new CaseFault(`${at}: not true or false`);
  return value ?? false;
}

/** One of some words. Throws CaseFault. */
export function oneOf<T extends string>(value: Json | undefined, at: string, words: readonly T[]): T {
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw new CaseFault(`${at}: not one of ${words.join(', ')}`);
  return word;
}

/** The member, if it is there, under the name it shall have; so that absent members stay absent. */
export function maybe<K extends string, T>(
  name: K,
  value: Json | undefined,
  read: (value: Json) => T,
): { readonly [member in K]?: T } {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- a computed name widens to any string
  return (value === undefined ? {} : { [name]: read(value) }) as { readonly [member in K]?: T };
}

/** A value within a longer text: texts as they are, the rest as JSON. */
export function spell(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
