import { json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { errorPage } from '../pages/pages.ts';
import type { Realm } from '../persona.ts';
import { withFaults } from './faulty-answer.ts';
import { localesOf } from './language.ts';
import { Refusal } from './refusal.ts';
import type { Fault } from './refusal.ts';
import { tellRefusal } from './refused.ts';

/** Where a request came in; `endpoint` is its name in events and faults. */
interface Endpoint {
  readonly realm: Realm;
  readonly endpoint: string;
}

const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache', 'Content-Type': 'application/json;charset=UTF-8' };

/** A JSON answer of a token-like endpoint (RFC 6749 5.1): never stored. */
export function neverStored(status: number, value: unknown): HttpResponse {
  return json(status, value, NO_STORE);
}

/** The door of every endpoint: what has to happen to all requests and answers alike happens here. */
export async function atEndpoint(
  at: Endpoint,
  http: HttpRequest,
  run: () => HttpResponse | Promise<HttpResponse>,
): Promise<HttpResponse> {
  return at.realm.faults.active ? await withFaults(at, http, run) : await run();
}

/** Runs a JSON endpoint; a refusal becomes the persona's own error answer (RFC 6749 5.2). */
export async function jsonEndpoint(
  at: Endpoint & { readonly correlationId: string | undefined },
  http: HttpRequest,
  run: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const { realm, correlationId } = at;
  return await refusable({ at, http, run }, (fault) => {
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
  return await refusable({ at, http, run }, (fault) =>
    errorPage(
      { label: persona.label, locales: localesOf(at, http, []), acceptLanguage: http.headers['accept-language'] },
      { code: persona.pageCode(fault), text: fault.text },
    ),
  );
}

async function refusable(
  { at, http, run }: { readonly at: Endpoint; readonly http: HttpRequest; readonly run: () => Promise<HttpResponse> },
  tell: (fault: Fault) => HttpResponse,
): Promise<HttpResponse> {
  return await atEndpoint(at, http, async () => {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.values['fault'] === 'too-large') return { status: 413, headers: { Connection: 'close' } };
      return tell(tellRefusal(at.realm, { endpoint: at.endpoint, client: error.values['client'] }, error));
    }
  });
}
