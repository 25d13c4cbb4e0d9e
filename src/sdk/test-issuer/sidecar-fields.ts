import { isJsonObject } from '../../oauth/objects.ts';
import { parseStrictJson } from '../../oauth/strict-json.ts';
import type { Received } from './listener.ts';

/** A request that cannot be decoded. The message is the `error_description` of its 400. */
export class Undecodable extends Error {}

/** The fields of a request, as they came; absent and JSON `null` are the same. */
export interface Fields {
  readonly encoding: 'json' | 'form';
  readonly values: Readonly<Record<string, unknown>>;
}

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** Reads the body as the sidecar does (sidecar-sdk.md 3.2). Throws Undecodable. */
export function readFields({ contentType, body }: Pick<Received, 'contentType' | 'body'>): Fields {
  if (contentType.startsWith(FORM_TYPE)) return { encoding: 'form', values: formFields(new URLSearchParams(body)) };
  if (contentType.startsWith(JSON_TYPE)) return { encoding: 'json', values: jsonFields(body) };
  throw new Undecodable(`Content-Type is ${contentType}, and has to be ${JSON_TYPE} or ${FORM_TYPE}`);
}

function formFields(form: URLSearchParams): Fields['values'] {
  const twice = [...form.keys()].find((name) => form.getAll(name).length > 1);
  if (twice !== undefined) throw new Undecodable(`the field ${twice} is there more than once`);
  return Object.fromEntries(form);
}

function jsonFields(body: string): Fields['values'] {
  const value = parsed(body);
  if (value === undefined) throw new Undecodable('the body is not valid JSON');
  if (!isJsonObject(value)) throw new Undecodable('the body is not a JSON object');
  return value;
}

/** A text that has to be there. Throws Undecodable. */
export function requiredText(fields: Fields, name: string): string {
  const value = optionalText(fields, name);
  if (value === undefined) throw new Undecodable(`the field ${name} is missing`);
  return value;
}

/** A text, if it is there. Throws Undecodable for another type. */
export function optionalText(fields: Fields, name: string): string | undefined {
  const value = valueOf(fields, name);
  if (value === undefined || typeof value === 'string') return value;
  throw new Undecodable(`the field ${name} has to be a string`);
}

/** A switch, which changes nothing here: no token is kept. Throws Undecodable for what is none. */
export function checkFlag(fields: Fields, name: string): void {
  const value = valueOf(fields, name);
  const asText = fields.encoding === 'form' && (value === 'true' || value === 'false');
  if (value === undefined || typeof value === 'boolean' || asText) return;
  throw new Undecodable(`the field ${name} has to be true or false`);
}

/** A list of objects, or a string holding one (RFC 9396). Throws Undecodable for anything else. */
export function optionalObjects(fields: Fields, name: string): readonly unknown[] | undefined {
  const value = valueOf(fields, name);
  if (value === undefined) return undefined;
  const list = typeof value === 'string' ? parsed(value) : value;
  if (Array.isArray(list) && list.every(isJsonObject)) return list;
  throw new Undecodable(`the field ${name} has to be a list of objects`);
}

function valueOf({ values }: Fields, name: string): unknown {
  return Object.hasOwn(values, name) ? (values[name] ?? undefined) : undefined;
}

/** Undefined where it is no strict JSON, which no text of it stands for. */
function parsed(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch {
    return undefined;
  }
}
