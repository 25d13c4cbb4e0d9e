import { readFileSync } from 'node:fs';
import type { SettingsTable } from '../settings.ts';
import { Misconfigured } from './misconfigured.ts';

/** Settings by name, from flags or from a file. */
export type Named = Readonly<Record<string, string>>;

/** The names of settings that are JSON documents: what a file holds below them is theirs. */
export function jsonNames<T>(table: SettingsTable<T>): ReadonlySet<string> {
  const rows = Object.values<{ readonly name?: string; readonly kind: string }>({ ...table });
  return new Set(rows.flatMap(({ name, kind }) => (kind === 'JSON' && name !== undefined ? [name] : [])));
}

/**
 * Reads settings by name from a file of YAML or JSON: `openid.client-id: x`, or nested as `openid: { client-id: x }`. Lists may be
 * lists, tables are written plainly. What is below a name of
 * `documents` is one document. Throws Misconfigured.
 */
export async function readConfigFile(file: string, documents: ReadonlySet<string>): Promise<Named> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Misconfigured([`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
  }
  const { parse } = await import('yaml');
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    // The parser's own message quotes the text, which may hold a secret; where it stopped does not.
    throw new Misconfigured([`${file}${placeOf(error)} cannot be read as YAML or JSON${codeOf(error)}`]);
  }
  if (document === null || document === undefined) return {};
  const found = new Map<string, string>();
  if (!isTable(document)) throw new Misconfigured([`${file} does not hold settings by name`]);
  for (const [name, value] of Object.entries(document)) collect(name, value, { found, documents, file });
  return Object.fromEntries(found);
}

/** What the parser calls it, DUPLICATE_KEY say: a word of its own, none of the text. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
}

/** `:line:column` where the parser says so. */
function placeOf(error: unknown): string {
  const places = error instanceof Error && 'linePos' in error ? error.linePos : undefined;
  const first: unknown = Array.isArray(places) ? places[0] : undefined;
  return isTable(first) ? `:${String(first['line'])}:${String(first['col'])}` : '';
}

interface Collecting {
  readonly found: Map<string, string>;
  readonly documents: ReadonlySet<string>;
  readonly file: string;
}

function collect(name: string, value: unknown, into: Collecting): void {
  const { found, documents, file } = into;
  if (isTable(value) && !documents.has(name)) {
    for (const [key, inner] of Object.entries(value)) collect(`${name}.${key}`, inner, into);
    return;
  }
  if (found.has(name)) throw new Misconfigured([`${file}: ${name} is there twice`]);
  if (value !== null) found.set(name, textOf(value, documents.has(name)));
}

function textOf(value: unknown, isDocument: boolean): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && !isDocument) return value.map(String).join(',');
  return JSON.stringify(value);
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
