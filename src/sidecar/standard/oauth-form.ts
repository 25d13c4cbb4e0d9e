import { invalidRequest, invalidTarget } from '../../oauth/errors.ts';
import { readForm } from '../../web/forms.ts';
import type { Form, FormFault } from '../../web/forms.ts';
import type { HttpRequest } from '../../web/http.ts';

/** What may be repeated by its RFC (8693 2.1, 8707 2), though here one token is for one target. */
const TARGETS: ReadonlySet<string> = new Set(['audience', 'resource']);

const FAULTS: Readonly<Record<FormFault, string>> = {
  'content-type': 'Content-Type has to be application/x-www-form-urlencoded',
  'content-encoding': 'Content-Encoding is not supported',
  'too-large': 'the body is larger than 64 KiB',
  'too-many-parameters': 'the form has more than 32 parameters',
  malformed: 'the form cannot be read',
};

/**
 * Reads the form of an OAuth request: an empty parameter is an absent one, and none comes twice (RFC 6749 3.2). Throws
 * `invalid_request`, and `invalid_target` for several targets.
 */
export async function readOAuthForm(request: HttpRequest, { jsonOnly }: { readonly jsonOnly: boolean }): Promise<Form> {
  if (jsonOnly) throw invalidRequest('forms are refused here by FULLMAKT_SIDECAR_JSON_ONLY');
  const result = await readForm(request);
  if (!result.ok) throw invalidRequest(FAULTS[result.fault]);
  const [twice] = result.form.duplicates;
  if (twice === undefined) return result.form;
  if (TARGETS.has(twice)) throw invalidTarget(`a token is for one ${twice}, and there are several`);
  throw invalidRequest(`the parameter ${twice.slice(0, 64)} is there more than once`);
}

/** A parameter that has to be there. Throws `invalid_request`. */
export function requiredParameter(form: Form, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw invalidRequest(`the parameter ${name} is missing`);
  return value;
}
