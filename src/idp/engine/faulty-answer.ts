import { html, page } from '../../web/html.ts';
import { json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { FaultName } from '../faults.ts';
import type { Realm } from '../persona.ts';
import { callerOf } from './faulty-caller.ts';
import type { Caller } from './faulty-caller.ts';
import { alterSubject, noteSubject } from './faulty-subject.ts';
import { takeFault } from './faulty-take.ts';

const SLOW_MILLISECONDS = 10_000;

/** Answers a request as a service in trouble does, where a fault says so. What stops an answer stops it before a code is spent. */
export async function withFaults(
  at: { readonly realm: Realm; readonly endpoint: string },
  http: HttpRequest,
  run: () => HttpResponse | Promise<HttpResponse>,
): Promise<HttpResponse> {
  const { realm, endpoint } = at;
  const caller = await callerOf(realm, endpoint, http);
  const take = (fault: FaultName): Promise<string | undefined> => takeFault({ realm, endpoint, ...caller }, fault);
  if (endpoint === 'token') {
    const slow = await take('slow-token');
    if (slow !== undefined) await realm.wait(slow === '' ? SLOW_MILLISECONDS : Number(slow), http.gone());
    // Whoever gave up waiting tries again, with a code that nobody has spent in between.
    if (slow !== undefined && http.gone().aborted) return { status: 503, cut: 'before' };
  }
  const instead = await standIn(endpoint, take);
  if (instead !== undefined) return instead;
  const answer = await damaged(at, caller, await run());
  return (await take('half-body')) === undefined ? answer : { ...answer, cut: 'within' };
}

/** The answer of something other than the endpoint, if one is due. */
async function standIn(
  endpoint: string,
  take: (fault: FaultName) => Promise<string | undefined>,
): Promise<HttpResponse | undefined> {
  const status = endpoint === 'token' ? await take('token-5xx') : undefined;
  if (status !== undefined) return failure(Number(status === '' ? '503' : status));
  if ((await take('html-500')) !== undefined) return failurePage();
  return (await take('reset')) === undefined ? undefined : { status: 500, cut: 'before' };
}

/** UserInfo about somebody else (OpenID Connect Core 5.3.2 wants clients to notice). */
async function damaged(
  { realm, endpoint }: { readonly realm: Realm; readonly endpoint: string },
  { client, grant, token }: Caller,
  answer: HttpResponse,
): Promise<HttpResponse> {
  if (endpoint === 'token') await noteSubject(realm, grant, answer);
  return endpoint === 'userinfo' ? await alterSubject({ realm, endpoint, client }, token, answer) : answer;
}

function failure(status: number): HttpResponse {
  const error = status === 503 ? 'temporarily_unavailable' : 'server_error';
  return json(status, { error }, { 'Cache-Control': 'no-store' });
}

/** What a machine between us and the client says when it has nobody to ask. */
function failurePage(): HttpResponse {
  const { html: text, csp } = page({
    lang: 'en',
    title: '500 Internal Server Error',
    body: html`<h1>500 Internal Server Error</h1>`,
    banner: 'Local test service – not the real one',
  });
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': csp,
    'Cache-Control': 'no-store',
  };
  return { status: 500, headers, body: text };
}
