import { randomBytes, randomUUID } from 'node:crypto';
import { setCookie } from '../../web/cookies.ts';
import type { Form } from '../../web/forms.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { digest, isSameDigest } from '../digest.ts';
import type { AuthorizePolicy } from '../policy/authorize-policy.ts';
import type { Site } from '../persona.ts';
import { answerRefusal } from './authorization-answer.ts';
import { completeSignIn } from './complete.ts';
import type { Attempt } from './complete.ts';
import { tickedFaults } from './faulty-boxes.ts';
import { languageCookie } from './language.ts';
import { spendPushedRequest } from './par.ts';
import { hasMembers, keyOf, putJson, readJson } from './records.ts';
import { Refusal } from './refusal.ts';
import { levelOf, renderSignIn } from './sign-in-view.ts';
import { cookieName, readCookie } from './sso.ts';
import type { AuthorizationRequest } from './user-grant.ts';

interface Transaction {
  readonly request: AuthorizationRequest;
  readonly tenant: string;
  /** SHA-256 of the browser's transaction cookie: the form works in the browser it was shown in. */
  readonly browser: string;
}

const isTransaction = hasMembers<Transaction>('request', 'tenant', 'browser');
const LIFETIME_SECONDS = 30 * 60;

/** Remembers the request and shows the sign-in page. */
export async function showSignIn(attempt: Attempt): Promise<HttpResponse> {
  const { site, http, request, realm } = attempt;
  const browser = readCookie(site, http, 'tx') ?? randomBytes(32).toString('base64url');
  const id = randomUUID();
  const record: Transaction = { request, tenant: site.place.tenant, browser: digest(browser) };
  await putJson(realm.memory, keyOf('transaction', id), record, LIFETIME_SECONDS);
  const response = renderSignIn(attempt, id, {});
  const cookie = setCookie(cookieName(site, 'tx'), browser, {
    path: '/',
    httpOnly: true,
    secure: site.secure,
    sameSite: 'Lax',
  });
  return { ...response, headers: { ...response.headers, 'set-cookie': [cookie] } };
}

/** The sign-in form came back: cancel, a person who may go on, or the page again with what is wrong. Throws a Refusal for a page. */
export async function continueSignIn(
  site: Site,
  policy: AuthorizePolicy,
  http: HttpRequest,
  form: Form,
): Promise<HttpResponse> {
  const id = form.get('transaction') ?? '';
  const { realm, place } = site;
  const found = await readJson(realm.memory, keyOf('transaction', id), isTransaction);
  const browser = readCookie(site, http, 'tx');
  if (!isOwnForm(http)) throw new Refusal('sign-in-unknown');
  if (found === undefined || browser === undefined || found.value.tenant !== place.tenant)
    throw new Refusal('sign-in-unknown');
  if (!isSameDigest(found.value.browser, digest(browser))) throw new Refusal('sign-in-unknown');
  const { request } = found.value;
  const client = realm.persona.client(realm.snapshot(), request.clientId, place);
  if (client === undefined) throw new Refusal('client-unknown', { client: request.clientId, tenant: place.tenant });
  // The registration may have changed while the page was open.
  if (!policy.redirectMatches(client.redirectUris, request.redirectUri)) {
    throw new Refusal('redirect-unknown', { redirect: request.redirectUri, client: client.id });
  }
  const attempt: Attempt = { realm, place, site, policy, client, request, http };
  if (form.has('cancel')) {
    await realm.memory.delete(keyOf('transaction', id));
    await spendPushedRequest(realm, request);
    return await answerRefusal(attempt, request, new Refusal('cancelled'));
  }
  return form.has('lang') || form.has('search') ? showAgain(attempt, id, form) : await proceed(attempt, id, form);
}

/** The page in another language, or with the people that were searched for. */
function showAgain(attempt: Attempt, id: string, form: Form): HttpResponse {
  const language = form.has('search') ? undefined : form.get('lang');
  const page = renderSignIn(attempt, id, { language, query: form.get('q') });
  const cookie = languageCookie(attempt.site, language);
  return cookie === undefined ? page : { ...page, headers: { ...page.headers, 'set-cookie': [cookie] } };
}

async function proceed(attempt: Attempt, id: string, form: Form): Promise<HttpResponse> {
  const { realm, policy, request } = attempt;
  const typed = policy.typedPid ? form.get('pid')?.replaceAll(' ', '') : undefined;
  const chosen = typed ?? form.get('person');
  const person = chosen === undefined ? undefined : pick(attempt, chosen, typed !== undefined);
  const level = levelOf(attempt, form.get('acr'));
  const shown = { typed, chosen: form.get('person'), level: form.get('acr'), ticked: form.all('fault') };
  if (person === undefined) {
    return renderSignIn(attempt, id, { ...shown, problem: typed === undefined ? 'nobody' : 'pid' });
  }
  if (level === undefined) return renderSignIn(attempt, id, { ...shown, problem: 'level' });
  // One answer for one request: a second press finds nothing.
  if ((await realm.memory.take(keyOf('transaction', id))) === undefined) throw new Refusal('sign-in-unknown');
  const ticked = tickedFaults(realm, form);
  try {
    return await completeSignIn({ ...attempt, ticked }, person, { acr: level.acr, amr: [person.eid], how: 'page' });
  } catch (error) {
    if (error instanceof Refusal && !policy.onPage.includes(error.problem))
      return await answerRefusal(attempt, request, error);
    throw error;
  }
}

function pick({ realm, policy, place }: Attempt, pid: string, typed: boolean): ReturnType<typeof realm.people.find> {
  return typed ? realm.people.find(pid) : policy.choices(realm, place).find((person) => person.pid === pid);
}

/** Ports of one host share cookies and count as one site, so a form of another origin is known by what its browser says. */
export function isOwnForm(http: HttpRequest): boolean {
  const origin = http.headers['sec-fetch-site'] ?? 'same-origin';
  return origin === 'same-origin' || origin === 'none';
}
