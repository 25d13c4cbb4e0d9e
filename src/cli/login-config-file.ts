import { readFileSync } from 'node:fs';
import { loginSettings } from '../login/config.ts';
import type { Named } from './login-layers.ts';

/** A configuration file that cannot be read as one; the message names it. */
export class ConfigFileUnusable extends Error {
  readonly exitCode: number = 78;
}

/** Settings that are JSON documents: what a file holds below them is theirs. */
const TABLES: ReadonlySet<string> = new Set(
  Object.values(loginSettings).flatMap((row) => (row.kind === 'JSON' && row.name !== undefined ? [row.name] : [])),
);

/**
 * Reads settings by name from a file of YAML or JSON: `openid.client-id: x`, or nested as `openid: { client-id: x }`. Lists may be
 * lists, tables are written plainly. Throws ConfigFileUnusable.
 */
export async function readConfigFile(file: string): Promise<Named> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigFileUnusable(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { parse } = await import('yaml');
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    // The parser's own message quotes the text, which may hold a secret; where it stopped does not.
    throw new ConfigFileUnusable(`${file}${placeOf(error)} cannot be read as YAML or JSON${codeOf(error)}`);
  }
  if (document === null || document === undefined) return {};
  const found = new Map<string, string>();
  if (!isTable(document)) throw new ConfigFileUnusable(`${file} does not hold settings by name`);
  for (const [name, value] of Object.entries(document)) collect(name, value, found, file);
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

function collect(name: string, value: unknown, found: Map<string, string>, file: string): void {
  if (isTable(value) && !TABLES.has(name)) {
    for (const [key, inner] of Object.entries(value)) collect(`${name}.${key}`, inner, found, file);
    return;
  }
  if (found.has(name)) throw new ConfigFileUnusable(`${file}: ${name} is there twice`);
  if (value !== null) found.set(name, textOf(name, value));
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && !TABLES.has(name)) return value.map(String).join(',');
  return JSON.stringify(value);
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
