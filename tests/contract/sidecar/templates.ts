import type { Json, JsonObject } from './case.ts';
import { CaseFault, isList, isObject, spell } from './shape.ts';

const NAMED = /\{\{([a-z_]+)(?::([A-Za-z0-9_.-]+))?\}\}/gu;
const WHOLE = /^\{\{([a-z_]+)\}\}$/u;

/** Gives the text for `{{name}}` or `{{name:argument}}`; undefined where nothing has that name. */
export type Resolve = (name: string, argument: string | undefined) => Promise<string | undefined>;

/** What a case may write in double braces beside what `each` gives it. */
const KNOWN: ReadonlySet<string> = new Set([
  'origin',
  'case',
  'token',
  'issuer',
  'audience',
  'client',
  'private_jwk',
  'now',
  'date',
  'repeat',
  'folder',
  'place',
  'variables',
]);

/** Puts the values of one row of `each` in; a text that is nothing but a name becomes the value itself, of any type. */
export function fill(value: Json, row: JsonObject): Json {
  if (typeof value === 'string') return fillText(value, row);
  if (isList(value)) return value.map((item) => fill(item, row));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [spell(fillText(name, row)), fill(item, row)]));
}

function fillText(text: string, row: JsonObject): Json {
  const [, whole] = WHOLE.exec(text) ?? [];
  if (whole !== undefined && Object.hasOwn(row, whole)) {
    const { [whole]: value, ...others } = row;
    // A row may speak of the members of another row.
    return fill(value ?? null, others);
  }
  return text.replaceAll(NAMED, (found, name: string, argument: string | undefined) =>
    argument === undefined && Object.hasOwn(row, name) ? spell(row[name]) : found,
  );
}

/** Throws CaseFault for a name in double braces that nothing will ever give a value. */
export function checkTemplates(value: Json, at: string): void {
  for (const [found, name = ''] of JSON.stringify(value).matchAll(NAMED)) {
    if (!KNOWN.has(name)) throw new CaseFault(`${at}: nothing is called ${found}`);
  }
}

/** Puts in what is known only when the case runs. Throws CaseFault. */
export async function resolve(value: Json, give: Resolve): Promise<Json> {
  if (typeof value === 'string') return await resolveText(value, give);
  if (isList(value)) return await Promise.all(value.map((item) => resolve(item, give)));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(async ([name, item]) => [name, await resolve(item, give)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** The same for one text. Throws CaseFault. */
async function resolveText(text: string, give: Resolve): Promise<string> {
  let done = '';
  let from = 0;
  for (const found of text.matchAll(NAMED)) {
    const [whole, name = '', argument] = found;
    const given = await give(name, argument);
    if (given === undefined) throw new CaseFault(`nothing is called ${whole}`);
    done += text.slice(from, found.index) + given;
    from = found.index + whole.length;
  }
  return done + text.slice(from);
}
