/** Reading our own routes' parameters. Pure. */
import { parseQuery } from '../web/forms.ts';
import type { OwnRequest } from './context.ts';

/** The parameters of a request; a repeated one counts as absent, an unreadable query as empty. */
export function queryValue(request: Pick<OwnRequest, 'http'>, name: string): string | undefined {
  const parsed = parseQuery(request.http.query);
  if (!parsed.ok || parsed.form.duplicates.includes(name)) return undefined;
  return parsed.form.get(name);
}
