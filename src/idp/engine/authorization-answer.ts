import { redirect } from '../../web/http.ts';
import type { HttpResponse } from '../../web/http.ts';
import { formPostPage } from '../pages.ts';
import type { Site } from '../persona.ts';
import { tellRefusal } from './refused.ts';
import type { Refusal } from './refusal.ts';
import type { AuthorizationRequest } from './user-grant.ts';

/** Where and how an authorization request is answered. */
export type AnswerTarget = Pick<
  AuthorizationRequest,
  'redirectUri' | 'responseMode' | 'state' | 'clientId' | 'locales'
>;

/** Sends parameters back to the client: in the query, the fragment, or by a form (OAuth 2.0 Form Post Response Mode). */
export function answerAuthorization(
  site: Site,
  target: AnswerTarget,
  answer: Readonly<Record<string, string>>,
): HttpResponse {
  const { persona } = site.realm;
  const fields = {
    ...answer,
    ...(target.state === undefined ? {} : { state: target.state }),
    ...(persona.authorize?.issInAnswer === true ? { iss: site.place.issuer } : {}),
  };
  if (target.responseMode === 'form_post') {
    return formPostPage({ label: persona.label, locales: target.locales, action: target.redirectUri, fields });
  }
  const encoded = new URLSearchParams(fields).toString();
  if (target.responseMode === 'fragment') return redirect(`${target.redirectUri}#${encoded}`, 303);
  return redirect(`${target.redirectUri}${target.redirectUri.includes('?') ? '&' : '?'}${encoded}`, 303);
}

/** Tells the client of a refusal (RFC 6749 4.1.2.1). */
export function answerRefusal(site: Site, target: AnswerTarget, refusal: Refusal): HttpResponse {
  const { realm } = site;
  const fault = tellRefusal(realm, { endpoint: 'authorize', client: target.clientId }, refusal);
  const context = { now: realm.now(), correlationId: undefined };
  return answerAuthorization(
    site,
    target,
    realm.persona.authorize?.errorParameters(fault, context) ?? { error: fault.error },
  );
}
