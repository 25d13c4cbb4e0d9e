import { parseQuery } from '../../web/forms.ts';
import type { Form } from '../../web/forms.ts';
import type { HttpRequest } from '../../web/http.ts';

/** The GUID a client sent as `client-request-id`, in header, query or body; refusals name it. */
export function correlationOf(http: HttpRequest, form: Form | undefined): string | undefined {
  const query = parseQuery(http.query);
  const sent = [
    http.headers['client-request-id'],
    query.ok ? query.form.get('client-request-id') : undefined,
    form?.get('client-request-id'),
  ];
  return sent.find((value): value is string => typeof value === 'string' && /^[0-9a-f-]{36}$/i.test(value));
}
