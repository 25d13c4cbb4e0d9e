import assert from 'node:assert/strict';
import { fromJSONSchema } from 'zod';
import type { ZodType } from 'zod';
import { sidecarOpenapi } from '../scripts/openapi.ts';

/** A schema, as far as tests look into it. */
export interface Schema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly $ref?: string;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}
interface Media {
  readonly schema: Schema;
  readonly examples?: Readonly<Record<string, { readonly value: Readonly<Record<string, unknown>> }>>;
}
/** What one method of one path does. */
export interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}
/** A path; those of the probe listener name its address. */
type Item = Readonly<Record<string, Operation>> & { readonly servers?: unknown };
interface Document {
  readonly paths: Readonly<Record<string, Item>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** The document, as whoever reads the file has it. */
export const document: Document = JSON.parse(JSON.stringify(sidecarOpenapi()));
/** Its schemas by name. */
export const schemas: Document['components']['schemas'] = document.components.schemas;

const METHODS = ['get', 'post', 'put', 'delete', 'patch', 'options', 'head'];

/** An operation, and where it is. */
export interface Placed {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  readonly isProbe: boolean;
}

/** All of them. */
export const operations: readonly Placed[] = Object.entries(document.paths).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const operation = item[method];
    return operation === undefined
      ? []
      : [{ method: method.toUpperCase(), path, operation, isProbe: item.servers !== undefined }];
  }),
);

function named(name: string): Schema {
  return schemas[name] ?? assert.fail(`no schema is called ${name}`);
}

/** Judges values by a schema of the document, whose references become those of a schema that stands alone. */
export function validator(schema: Schema): ZodType {
  const alone = JSON.stringify({ ...schema, $defs: schemas }).replaceAll('#/components/schemas/', '#/$defs/');
  return fromJSONSchema(JSON.parse(alone));
}

/** The named schemas that a value fits, of those that a schema comes down to. */
export function fitting(schema: Schema, value: unknown): readonly string[] {
  const name = schema.$ref?.split('/').at(-1);
  const { oneOf, anyOf } = name === undefined ? schema : named(name);
  const choices = oneOf ?? anyOf;
  if (choices !== undefined) return choices.flatMap((choice) => fitting(choice, value));
  return name !== undefined && validator(schema).safeParse(value).success ? [name] : [];
}

/** Names of the members of a schema, and of those that have to be there. */
export function described(name: string): [string[], string[]] {
  const { properties = {}, required = [] } = named(name);
  return [Object.keys(properties).toSorted(), [...required].toSorted()];
}
