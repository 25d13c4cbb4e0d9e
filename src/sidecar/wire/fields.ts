import { isUtf8 } from 'node:buffer';
import { isJsonObject } from '../../oauth/objects.ts';
import { parseStrictJson, StrictJsonError } from '../../oauth/strict-json.ts';
import { parseForm } from '../../web/forms.ts';
import type { HttpRequest } from '../../web/http.ts';

/** A request that cannot be decoded. The message is the `error_description` of its 400. */
export class Undecodable extends Error {}

/** How the fields of a request are written. */
export type Encoding = 'json' | 'form';

/** The fields of a request in either encoding; absent and JSON `null` are the same. */
export interface Fields {
  readonly encoding: Encoding;
  readonly values: Pick<ReadonlyMap<string, unknown>, 'get'>;
}

/** Those of a whole body. */
export interface BodyFields extends Fields {
  /** All that there are, unknown ones too. */
  readonly names: () => Iterable<string>;
}

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** Reads the body (sidecar-sdk.md 3.2). Throws Undecodable for every fault of the client, and BodyTooLarge. */
export async function readFields(request: HttpRequest, rules: { readonly jsonOnly: boolean }): Promise<Fields> {
  const encoding = encodingOf(request, rules);
  return fieldsIn(await request.body(), encoding);
}

/** How the body is written, by its headers. Throws Undecodable. */
export function encodingOf(request: HttpRequest, { jsonOnly }: { readonly jsonOnly: boolean }): Encoding {
  const type = request.headers['content-type'] ?? '';
  const isJson = type.startsWith(JSON_TYPE);
  if (!isJson && !type.startsWith(FORM_TYPE)) {
    throw new Undecodable(`Content-Type is ${type}, and has to be ${JSON_TYPE} or ${FORM_TYPE}`);
  }
  if (!isJson && jsonOnly) throw new Undecodable(`Content-Type is ${type}, and has to be ${JSON_TYPE}`);
  if (request.headers['content-encoding'] !== undefined) throw new Undecodable('Content-Encoding is not supported');
  return isJson ? 'json' : 'form';
}

/** The fields in a body. Throws Undecodable. */
export function fieldsIn(body: Buffer, encoding: Encoding): BodyFields {
  return encoding === 'json' ? parseJsonFields(body) : parseFormFields(body);
}

function parseJsonFields(body: Buffer): BodyFields {
  try {
    const value = parseStrictJson(body);
    if (!isJsonObject(value)) throw new Undecodable('the body is not a JSON object');
    // Read as it is: a copy of it for a few names would be made for every request.
    return {
      encoding: 'json',
      values: { get: (name) => (Object.hasOwn(value, name) ? (value[name] ?? undefined) : undefined) },
      names: () => Object.keys(value),
    };
  } catch (error) {
    if (error instanceof StrictJsonError) throw new Undecodable('the body is not valid JSON', { cause: error });
    throw error;
  }
}

function parseFormFields(body: Buffer): BodyFields {
  const result = parseForm(decodeUtf8(body));
  if (!result.ok) throw new Undecodable(`the form cannot be read: ${result.fault}`);
  const [twice] = result.form.duplicates;
  if (twice !== undefined) throw new Undecodable(`the field ${twice} is there more than once`);
  return { encoding: 'form', values: result.form.values, names: () => result.form.values.keys() };
}

function decodeUtf8(body: Buffer): string {
  // A decoder made for one body would cost more than all else that is done with it.
  if (!isUtf8(body)) throw new Undecodable('the form is not UTF-8');
  return body.toString('utf8');
}

/** A text that has to be there. Throws Undecodable. */
export function requiredText(fields: Fields, name: string): string {
  const value = optionalText(fields, name);
  if (value === undefined) throw new Undecodable(`the field ${name} is missing`);
  return value;
}

/** A text, if it is there. Throws Undecodable for another type. */
export function optionalText(fields: Fields, name: string): string | undefined {
  const value = fields.values.get(name);
  if (value === undefined || typeof value === 'string') return value;
  throw new Undecodable(`the field ${name} has to be a string`);
}

/** A switch; absent is false. In forms exactly `true` or `false`. Throws Undecodable. */
export function flag(fields: Fields, name: string): boolean {
  const value = fields.values.get(name);
  if (value === undefined || value === false) return false;
  if (value === true) return true;
  if (fields.encoding === 'form' && (value === 'true' || value === 'false')) return value === 'true';
  throw new Undecodable(`the field ${name} has to be true or false`);
}

/** `authorization_details` (RFC 9396): a list of objects, or a string holding one; in forms always a string. */
export function authorizationDetails(fields: Fields): readonly unknown[] | undefined {
  const name = 'authorization_details';
  const value = fields.values.get(name);
  if (value === undefined) return undefined;
  const details = typeof value === 'string' ? parseDetails(value) : value;
  if (!Array.isArray(details) || !details.every(isJsonObject)) {
    throw new Undecodable(`the field ${name} has to be a list of objects`);
  }
  // What a token is asked for has to be what it is given for, to the last digit.
  if (!details.every(isExact)) throw new Undecodable(`the field ${name} has a number with too many digits`);
  return details;
}

/** Whether all numbers in it are still those that were written, and are written the same again. */
function isExact(value: unknown): boolean {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (Array.isArray(value)) return value.every(isExact);
  return !isJsonObject(value) || Object.values(value).every(isExact);
}

function parseDetails(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch {
    return undefined;
  }
}
