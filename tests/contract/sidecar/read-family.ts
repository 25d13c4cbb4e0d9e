import { readdir, readFile } from 'node:fs/promises';
import { parseStrictJson } from '../../../src/oauth/strict-json.ts';
import type { Family, Json, JsonObject } from './case.ts';
import { readCase } from './read-case.ts';
import { CaseFault, isList, isObject, list, members, object, text } from './shape.ts';
import { fill } from './templates.ts';

/** The names of all families: the case files in this folder. */
export async function familyNames(): Promise<readonly string[]> {
  const files = await readdir(new URL('.', import.meta.url));
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .toSorted();
}

/** The cases of one file, rows filled in and every shape checked. Throws CaseFault. */
export async function readFamily(name: string): Promise<Family> {
  return parseFamily(name, await readFile(new URL(`${name}.json`, import.meta.url)));
}

/** The same, of bytes. Throws CaseFault. */
export function parseFamily(name: string, bytes: Uint8Array): Family {
  const file = `${name}.json`;
  const parsed = parse(bytes, file);
  const parts = members(parsed, file, ['about', 'defaults', 'cases']);
  const defaults = object(parts['defaults'], `${file}: defaults`);
  const cases = list(parts['cases'], `${file}: cases`)
    .flatMap((one) => rowsOf(one, file))
    .map((one) => readCase({ ...defaults, ...object(one, file) }, file));
  const seen = new Set<string>();
  for (const { id } of cases) {
    if (seen.has(id)) throw new CaseFault(`${file}: two cases are called ${id}`);
    seen.add(id);
  }
  return { name, cases };
}

function parse(bytes: Uint8Array, file: string): Json {
  try {
    const value: unknown = parseStrictJson(bytes);
    if (isObject(value)) return value;
  } catch (error) {
    throw new CaseFault(`${file}: ${error instanceof Error ? error.message : 'no JSON'}`, { cause: error });
  }
  throw new CaseFault(`${file}: not an object`);
}

/** One case for each combination of the rows of `each`; their names are appended to its id. */
function rowsOf(value: Json, file: string): readonly Json[] {
  const { each, ...rest } = object(value, file);
  if (each === undefined) return [rest];
  const at = `${file} ${text(rest['id'], file)}: each`;
  const dimensions = (isList(each) ? each : [each]).map((dimension) => object(dimension, at));
  let rows: readonly { readonly id: string; readonly row: JsonObject }[] = [{ id: text(rest['id'], at), row: {} }];
  for (const dimension of dimensions) {
    rows = rows.flatMap(({ id, row }) =>
      Object.entries(dimension).map(([name, given]) => ({
        id: `${id}/${name}`,
        row: { ...row, ...object(given, at) },
      })),
    );
  }
  return rows.map(({ id, row }) => fill({ ...rest, id }, row));
}
