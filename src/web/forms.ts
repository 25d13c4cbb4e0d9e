import { isUtf8 } from 'node:buffer';
import type { HttpRequest } from './http.ts';
import { BodyTooLarge } from './http.ts';
import { BODY_BYTES, FORM_PARAMETERS } from './limits.ts';

/** The parameters of a form or query (RFC 6749 appendix B). */
export interface Form {
  /** The value; an empty one counts as absent (RFC 6749 3.1). With duplicates it is the first: look at `duplicates` before. */
  get(name: string): string | undefined;
  has(name: string): boolean;
  /** Every value that is not empty, in order: for forms whose boxes share a name. */
  all(name: string): readonly string[];
  /** Each name once, in order; also those without a value. */
  readonly names: readonly string[];
  /** Names that came more than once (RFC 6749 3.1 forbids it). */
  readonly duplicates: readonly string[];
  readonly values: ReadonlyMap<string, string>;
}

/** Why a form cannot be read. */
export type FormFault = 'content-type' | 'content-encoding' | 'too-large' | 'too-many-parameters' | 'malformed';

/** A form, or why there is none. */
export type FormResult = { readonly ok: true; readonly form: Form } | { readonly ok: false; readonly fault: FormFault };

/** Reads the form in a request's body: at most 64 KiB and 32 parameters, UTF-8, not compressed. Never throws for what the client sent. */
export async function readForm(request: HttpRequest): Promise<FormResult> {
  const coding = request.headers['content-encoding'];
  if (coding !== undefined && coding.trim().toLowerCase() !== 'identity')
    return { ok: false, fault: 'content-encoding' };
  if (!isFormType(request.headers['content-type'])) return { ok: false, fault: 'content-type' };
  try {
    const bytes = await request.body(BODY_BYTES);
    return isUtf8(bytes) ? parseForm(bytes.toString('utf8')) : { ok: false, fault: 'malformed' };
  } catch (error) {
    if (error instanceof BodyTooLarge) return { ok: false, fault: 'too-large' };
    throw error;
  }
}

/** Reads the text of a form. */
export function parseForm(text: string): FormResult {
  const values = new Map<string, string>();
  const repeated = new Map<string, string[]>();
  let count = 0;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    count += 1;
    if (count > FORM_PARAMETERS) return { ok: false, fault: 'too-many-parameters' };
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1));
    if (name === undefined || value === undefined) return { ok: false, fault: 'malformed' };
    const first = values.get(name);
    if (first === undefined) values.set(name, value);
    else repeated.set(name, [...(repeated.get(name) ?? [first]), value]);
  }
  return { ok: true, form: createForm(values, repeated) };
}

/** Reads a raw query, without its `?`. */
export function parseQuery(query: string): FormResult {
  return parseForm(query);
}

function createForm(values: ReadonlyMap<string, string>, repeated: ReadonlyMap<string, readonly string[]>): Form {
  return {
    get: (name) => values.get(name) || undefined,
    has: (name) => (values.get(name) ?? '') !== '',
    all: (name) => (repeated.get(name) ?? [values.get(name) ?? '']).filter((value) => value !== ''),
    get names(): readonly string[] {
      return [...values.keys()];
    },
    get duplicates(): readonly string[] {
      return [...repeated.keys()];
    },
    values,
  };
}

function isFormType(type: string | undefined): boolean {
  return /^application\/x-www-form-urlencoded[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?;?$/i.test(type?.trim() ?? '');
}

function decode(text: string): string | undefined {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    // Refuses what URLSearchParams would pass on as it is: a lone `%`, and bytes that are no UTF-8.
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}
