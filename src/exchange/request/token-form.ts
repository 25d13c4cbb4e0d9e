import { parseQuery, readForm } from '../../web/forms.ts';
import type { Form, FormFault } from '../../web/forms.ts';
import type { HttpRequest } from '../../web/http.ts';
import { refuse } from '../errors.ts';
import type { Situation } from '../errors.ts';

const READ = [
  'grant_type',
  'client_assertion_type',
  'client_assertion',
  'client_id',
  'client_secret',
  'subject_token',
  'subject_token_type',
  'audience',
  'scope',
  'requested_token_type',
  'resource',
  'actor_token',
  'actor_token_type',
];
/** Parameters that would restrict the token: what we cannot honour is refused, never ignored. */
const UNSUPPORTED = [
  'authorization_details',
  'claims',
  'acr_values',
  'max_age',
  'request',
  'request_uri',
  'requested_subject',
  'requested_issuer',
  'subject-issuer',
  'request_context',
  'request_details',
  'assertion',
  'code',
  'refresh_token',
  'username',
  'password',
  'fm_subject_proof',
];
const KNOWN: ReadonlySet<string> = new Set([...READ, ...UNSUPPORTED]);
const ONE_TARGET: ReadonlySet<string> = new Set(['audience', 'resource']);

const FAULTS: Readonly<Record<FormFault, readonly [Situation, string]>> = {
  'content-type': ['content-type', 'the body must be application/x-www-form-urlencoded in UTF-8'],
  malformed: ['content-type', 'the body is not well-formed application/x-www-form-urlencoded'],
  'content-encoding': ['content-encoding', 'an encoded body is not accepted'],
  'too-large': ['too-large', 'the body is over 64 KiB'],
  'too-many-parameters': ['too-many-parameters', 'there are more than 32 parameters'],
};

/**
 * Steps of transport and form (RFC 6749 3.2, RFC 8693 2.1): one value per parameter, nothing in the query string, nothing
 * that asks for what is not done here. An empty value counts as absent.
 */
export async function readTokenForm(request: HttpRequest): Promise<Form> {
  const result = await readForm(request);
  if (!result.ok) throw refuse(...FAULTS[result.fault]);
  const { form } = result;
  refuseQueryParameters(request.query);
  refuseRepeated(form);
  refuseUnsupported(form, request);
  return form;
}

/** How many parameters were sent that have no meaning here (RFC 6749 3.2 wants them ignored). */
export function countIgnored(form: Form): number {
  return form.names.filter((name) => !KNOWN.has(name)).length;
}

/** The value of a parameter. Throws `parameter-missing`. */
export function requireParameter(form: Form, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw refuse('parameter-missing', `${name} is missing`);
  return value;
}

function refuseQueryParameters(query: string): void {
  if (query === '') return;
  const result = parseQuery(query);
  const known = result.ok ? [...result.form.names, ...result.form.duplicates].find((name) => KNOWN.has(name)) : 'query';
  if (known !== undefined) throw refuse('query-parameter', `${known} does not belong in the query string`);
}

function refuseRepeated(form: Form): void {
  const [first] = form.duplicates.toSorted((a, b) => Number(ONE_TARGET.has(b)) - Number(ONE_TARGET.has(a)));
  if (first === undefined) return;
  if (ONE_TARGET.has(first)) throw refuse('target-multiple', `one token has one target: ${first} is repeated`);
  throw refuse('duplicate-parameter', 'a parameter is repeated');
}

function refuseUnsupported(form: Form, request: HttpRequest): void {
  const name = UNSUPPORTED.find((each) => form.get(each) !== undefined);
  if (name !== undefined) throw refuse('unsupported-parameter', `${name} is not supported`);
  if (request.headers['dpop'] !== undefined) throw refuse('unsupported-parameter', 'DPoP is not supported');
}
