import { ref } from './schema.ts';
import type { Part } from './schema.ts';

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const STORE: Part = {
  'Cache-Control': { schema: { const: 'no-store' } },
  Pragma: { schema: { const: 'no-cache' } },
};
const REFUSAL: Part = {
  'Fullmakt-Refusal': {
    description: 'What a refusal by a provider means.',
    schema: { enum: ['transient', 'policy', 'credential', 'reauth', 'request'] },
  },
};
const PAUSE: Part = {
  'Retry-After': { description: 'Seconds.', schema: { type: 'integer', minimum: 0, maximum: 3600 } },
};

/** An answer of the API with a body; no-store stands on all of them. */
export function answer(description: string, schema: string, headers: Part = {}): Part {
  return { description, headers: { ...STORE, ...headers }, content: { [JSON_TYPE]: { schema: ref(schema) } } };
}

/** What any operation of the API may answer beside its own; `schema` is that of its errors. */
export function refusals(schema: string): Part {
  return {
    '400': answer('The request cannot be served as it is, or the provider refused.', schema, REFUSAL),
    '403': answer('The front door: whoever asks is a browser, or came by a name that is not known here.', 'Error'),
    '503': answer('Too many requests at once, or the provider is not there.', schema, { ...REFUSAL, ...PAUSE }),
  };
}

/** What else asking a provider may bring. */
export function providerRefusals(schema: string): Part {
  return {
    '429': answer('The provider asks for a pause.', schema, { ...REFUSAL, ...PAUSE }),
    '500': answer('The provider could not be asked, or the request to it not be signed.', schema, {
      ...REFUSAL,
      ...PAUSE,
    }),
  };
}

/** An answer without a body. */
export function nothing(description: string): Part {
  return { description, headers: STORE };
}

type Examples = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A body in JSON or as a form. The examples are the same in both, texts in forms. */
export function jsonOrForm(schema: string, examples: Examples): Part {
  return {
    required: true,
    content: {
      [JSON_TYPE]: { schema: ref(schema), examples: named(examples) },
      [FORM_TYPE]: { schema: ref(`${schema}Form`), examples: named(examples, asText) },
    },
  };
}

/** A body as a form only. */
export function form(schema: Part, examples: Examples): Part {
  return { required: true, content: { [FORM_TYPE]: { schema, examples: named(examples) } } };
}

function named(examples: Examples, convert: (value: unknown) => unknown = (value) => value): Part {
  const fields = (value: Readonly<Record<string, unknown>>): Part =>
    Object.fromEntries(Object.entries(value).map(([name, field]) => [name, convert(field)]));
  return Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value: fields(value) }]));
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
