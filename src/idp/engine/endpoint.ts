import { BodyTooLarge, json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { errorPage } from '../pages.ts';
import type { Realm } from '../persona.ts';
import { Refusal } from './refusal.ts';
import { tellRefusal } from './refused.ts';

const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache', 'Content-Type': 'application/json;charset=UTF-8' };

/** A JSON answer of a token-like endpoint (RFC 6749 5.1): never stored. */
export function neverStored(status: number, value: unknown): HttpResponse {
  return json(status, value, NO_STORE);
}

/** Runs a JSON endpoint; a refusal becomes the persona's own error answer (RFC 6749 5.2). */
export async function jsonEndpoint(
  at: { readonly realm: Realm; readonly endpoint: string; readonly correlationId: string | undefined },
  http: HttpRequest,
  run: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const { realm } = at;
  try {
    return await run();
  } catch (error) {
    if (error instanceof BodyTooLarge) return tooLarge();
    if (!(error instanceof Refusal)) throw error;
    if (error.values['fault'] === 'too-large') return tooLarge();
    const fault = tellRefusal(realm, { endpoint: at.endpoint, client: error.values['client'] }, error);
    const body = realm.persona.errorBody(fault, { now: realm.now(), correlationId: at.correlationId });
    const challenged = fault.status === 401 && http.headers.authorization !== undefined;
    const answer = neverStored(fault.status, body);
    return challenged ? { ...answer, headers: { ...answer.headers, 'WWW-Authenticate': 'Basic' } } : answer;
  }
}

/** Runs a page endpoint; a refusal becomes a page with its code, never a redirect. */
export async function pageEndpoint(
  at: { readonly realm: Realm; readonly endpoint: string },
  http: HttpRequest,
  run: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const { realm } = at;
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.values['fault'] === 'too-large') return tooLarge();
    const fault = tellRefusal(realm, { endpoint: at.endpoint, client: error.values['client'] }, error);
    const { persona } = realm;
    return errorPage(
      { label: persona.label, locales: [], acceptLanguage: http.headers['accept-language'] },
      { code: persona.pageCode(fault), text: fault.text },
    );
  }
}

function tooLarge(): HttpResponse {
  return { status: 413, headers: { Connection: 'close' } };
}
