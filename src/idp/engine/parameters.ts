import { parseQuery, readForm } from '../../web/forms.ts';
import type { Form, FormResult } from '../../web/forms.ts';
import type { HttpRequest } from '../../web/http.ts';
import { Refusal } from './refusal.ts';

/** What was sent to an endpoint for clients: the form in the body and nothing else. Throws a Refusal for no form or a parameter twice (RFC 6749 3.2). */
export async function readBody(http: HttpRequest): Promise<Form> {
  return single(await readForm(http));
}

/** What a browser brought: the form of a POST, else the query. Throws a Refusal for no form or a parameter twice (RFC 6749 3.1). */
export async function readPage(http: HttpRequest): Promise<Form> {
  return http.method === 'POST' ? await readBody(http) : single(parseQuery(http.query));
}

function single(read: FormResult): Form {
  if (!read.ok) {
    throw new Refusal(read.fault === 'content-type' ? 'form-content-type' : 'form-malformed', { fault: read.fault });
  }
  // The boxes of the sign-in page share a name.
  const twice = read.form.duplicates.find((name) => name !== 'fault' || !read.form.has('transaction'));
  if (twice !== undefined) throw new Refusal('parameter-repeated', { parameter: twice });
  return read.form;
}
