import { parseQuery, readForm } from '../../web/forms.ts';
import type { Form, FormResult } from '../../web/forms.ts';
import type { HttpRequest } from '../../web/http.ts';
import { Refusal } from './refusal.ts';

/** What was sent to an endpoint for clients: the form in the body and nothing else. Throws a Refusal for no form or a parameter twice (RFC 6749 3.2) that is not `repeatable`. */
export async function readBody(http: HttpRequest, repeatable: readonly string[] = []): Promise<Form> {
  return single(await readForm(http), repeatable);
}

/** What a browser brought: the form of a POST, else the query. Throws a Refusal for no form or a parameter twice (RFC 6749 3.1) that is not `repeatable`. */
export async function readPage(http: HttpRequest, repeatable: readonly string[] = []): Promise<Form> {
  return http.method === 'POST' ? await readBody(http, repeatable) : single(parseQuery(http.query), repeatable);
}

/** A form as parameters by name, none of them empty; the values of one that may be repeated as lines. */
export function parametersOf(form: Form): ReadonlyMap<string, string> {
  return new Map(
    form.names.filter((name) => form.all(name).length > 0).map((name) => [name, form.all(name).join('\n')]),
  );
}

function single(read: FormResult, repeatable: readonly string[]): Form {
  if (!read.ok) {
    throw new Refusal(read.fault === 'content-type' ? 'form-content-type' : 'form-malformed', { fault: read.fault });
  }
  // The boxes of the sign-in page share a name.
  const may = read.form.has('transaction') ? [...repeatable, 'fault'] : repeatable;
  const twice = read.form.duplicates.find((name) => !may.includes(name));
  if (twice !== undefined) throw new Refusal('parameter-repeated', { parameter: twice });
  return read.form;
}
