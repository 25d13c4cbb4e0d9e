import { json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { errorPage } from '../pages.ts';
import type { Realm } from '../persona.ts';
import { Refusal } from './refusal.ts';
import type { Fault } from './refusal.ts';
import { tellRefusal } from './refused.ts';

/** Where a request came in; `endpoint` is its name in events. */
interface Endpoint {
  readonly realm: Realm;
  readonly endpoint: string;
}

const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache', 'Content-Type': 'application/json;charset=UTF-8' };

/** A JSON answer of a token-like endpoint (RFC 6749 5.1): never stored. */
export function neverStored(status: number, value: unknown): HttpResponse {
  return json(status, value, NO_STORE);
}

/** Runs a JSON endpoint; a refusal becomes the persona's own error answer (RFC 6749 5.2). */
export async function jsonEndpoint(
  at: Endpoint & { readonly correlationId: string | undefined },
  http: HttpRequest,
  run: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const { realm, correlationId } = at;
  return await refusable(at, run, (fault) => {
    const answer = neverStored(fault.status, realm.persona.errorBody(fault, { now: realm.now(), correlationId }));
    const challenged = fault.status === 401 && http.headers.authorization !== undefined;
    return challenged ? { ...answer, headers: { ...answer.headers, 'WWW-Authenticate': 'Basic' } } : answer;
  });
}

/** Runs a page endpoint; a refusal becomes a page with its code, never a redirect. */
export async function pageEndpoint(
  at: Endpoint,
  http: HttpRequest,
  run: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const { persona } = at.realm;
  return await refusable(at, run, (fault) =>
    errorPage(
      { label: persona.label, locales: [], acceptLanguage: http.headers['accept-language'] },
      { code: persona.pageCode(fault), text: fault.text },
    ),
  );
}

async function refusable(
  at: Endpoint,
  run: () => Promise<HttpResponse>,
  tell: (fault: Fault) => HttpResponse,
): Promise<HttpResponse> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.values['fault'] === 'too-large') return { status: 413, headers: { Connection: 'close' } };
    return tell(tellRefusal(at.realm, { endpoint: at.endpoint, client: error.values['client'] }, error));
  }
}
