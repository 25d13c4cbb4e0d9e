import { redirect } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { formPostPage } from '../pages/pages.ts';
import type { Site } from '../persona.ts';
import { correlationOf } from './correlation.ts';
import { issuerInAnswer } from './faulty-authorize.ts';
import { localesOf } from './language.ts';
import { signAnswer } from './jarm.ts';
import { tellRefusal } from './refused.ts';
import type { Refusal } from './refusal.ts';
import type { AuthorizationRequest, UserGrant } from './user-grant.ts';

/** A browser at the authorization endpoint, and the sign-in it has just made. */
interface Visit {
  readonly site: Site;
  readonly http: HttpRequest;
  readonly grant?: Pick<UserGrant, 'grantId' | 'faults'>;
}

/** Where and how an authorization request is answered. */
export type AnswerTarget = Pick<
  AuthorizationRequest,
  'redirectUri' | 'responseMode' | 'state' | 'clientId' | 'locales'
>;

/** Sends parameters back to the client: in the query, the fragment, or by a form (OAuth 2.0 Form Post Response Mode); signed where asked for (JARM). */
export async function answerAuthorization(
  { site, http, grant }: Visit,
  target: AnswerTarget,
  answer: Readonly<Record<string, string>>,
): Promise<HttpResponse> {
  const { persona } = site.realm;
  const iss = await issuerInAnswer({ site, client: target.clientId, grant });
  const plain = {
    ...answer,
    ...(target.state === undefined ? {} : { state: target.state }),
    ...(iss === undefined ? {} : { iss }),
  };
  const { mode, fields } = await signAnswer(site, target, plain);
  if (mode === 'form_post') {
    return formPostPage({
      label: persona.label,
      locales: localesOf(site, http, target.locales),
      action: target.redirectUri,
      fields,
    });
  }
  const encoded = new URLSearchParams(fields).toString();
  const query = target.redirectUri.includes('?') ? '&' : '?';
  const location = `${target.redirectUri}${mode === 'fragment' ? '#' : query}${encoded}`;
  // What was posted here must not be posted there (RFC 9700 4.12).
  const sent = redirect(location, http.method === 'POST' ? 303 : 302);
  return { ...sent, headers: { ...sent.headers, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' } };
}

/** Tells the client of a refusal (RFC 6749 4.1.2.1). */
export async function answerRefusal(visit: Visit, target: AnswerTarget, refusal: Refusal): Promise<HttpResponse> {
  const { realm } = visit.site;
  const fault = tellRefusal(realm, { endpoint: 'authorize', client: target.clientId }, refusal);
  const context = { now: realm.now(), correlationId: correlationOf(visit.http, undefined) };
  return await answerAuthorization(
    visit,
    target,
    realm.persona.authorize?.errorParameters(fault, context) ?? { error: fault.error },
  );
}
