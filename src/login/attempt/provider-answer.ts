/** What the provider sent along with the browser: parameters, whose answer it is, and whether it is an error. */
import type { ProviderMetadata } from '../../providers/metadata.ts';
import { parseQuery } from '../../web/forms.ts';
import { Refused, strayAnswer } from './refusal.ts';

const MAX_QUERY_BYTES = 8192;

/** Step 1: the parameters parse, none comes twice. Undefined when not. */
export function readParameters(query: string): URLSearchParams | undefined {
  const parsed = query.length > MAX_QUERY_BYTES ? undefined : parseQuery(query);
  if (parsed?.ok !== true || parsed.form.duplicates.length > 0) return undefined;
  return new URLSearchParams([...parsed.form.values]);
}

/** Step 4: the answer comes from the provider the attempt was sent to (RFC 9207). Throws Refused. */
export function checkIssuer(metadata: ProviderMetadata, parameters: URLSearchParams): void {
  const issuer = parameters.get('iss');
  if (issuer === null && !metadata.issuerInAnswers) return;
  if (issuer !== metadata.issuer)
    throw strayAnswer('iss', issuer === null ? 'iss is missing' : 'iss is another issuer');
}

/** Step 6: an error answer. Throws Refused. */
export function checkError(parameters: URLSearchParams): void {
  const error = parameters.get('error');
  if (error === null) return;
  if (error === 'access_denied') throw new Refused({ page: 'cancelled', status: 403, step: 'error', reason: error });
  const down = error === 'temporarily_unavailable' || error === 'server_error';
  const page = down ? 'provider-down' : 'login-failed';
  // Anybody can write into an answer: only what looks like a code is put on record.
  const reason = /^[a-z_]{1,64}$/.test(error) ? error : 'not an error code';
  throw new Refused({ page, status: down ? 503 : 500, step: 'error', reason });
}
