/** Any part of the document. */
export type Part = Readonly<Record<string, unknown>>;

/** A reference to a named schema. */
export function ref(name: string): Part {
  return { $ref: `#/components/schemas/${name}` };
}

/** A text. */
export function text(description: string, more: Part = {}): Part {
  return { type: 'string', description, ...more };
}

/** An object with these members. Others are not there, unless told. */
export function object(
  properties: Part,
  options: { readonly required?: readonly string[]; readonly open?: true } = {},
): Part {
  const { required = Object.keys(properties), open } = options;
  return { type: 'object', properties, required, additionalProperties: open === true };
}

/** What is known of one field of a request that comes as JSON or as a form. */
export interface Field {
  readonly json: Part;
  /** The same, unless told. */
  readonly form?: Part;
  readonly optional?: true;
}

/** The two schemas of a request. Fields that are not known are ignored; in JSON one that may be absent may be null. */
export function requestSchemas(fields: Readonly<Record<string, Field>>): { readonly json: Part; readonly form: Part } {
  const required = Object.keys(fields).filter((name) => fields[name]?.optional === undefined);
  const properties = (pick: (field: Field) => Part): Part =>
    Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, pick(field)]));
  return {
    json: object(
      properties((field) => (field.optional === undefined ? field.json : orNull(field.json))),
      { required, open: true },
    ),
    form: object(
      properties((field) => field.form ?? field.json),
      { required, open: true },
    ),
  };
}

function orNull(schema: Part): Part {
  const { type } = schema;
  return Array.isArray(schema['anyOf'])
    ? { ...schema, anyOf: [...schema['anyOf'], { type: 'null' }] }
    : { ...schema, type: [type, 'null'] };
}
