import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { AuthorizePolicy } from '../policy/authorize-policy.ts';
import type { Site } from '../persona.ts';
import { isAskedPerson } from './asked-person.ts';
import { answerRefusal } from './authorization-answer.ts';
import { checkAuthorizationRequest, locateClient, responseModeOf } from './authorization-request.ts';
import type { Parameters } from './authorization-request.ts';
import { completeFromSession, completeSignIn } from './complete.ts';
import type { Attempt } from './complete.ts';
import type { Person } from '../people/person.ts';
import { takePushedRequest } from './par.ts';
import { parametersOf, readPage } from './parameters.ts';
import { Refusal } from './refusal.ts';
import { continueSignIn, showSignIn } from './sign-in.ts';
import { isSignedInElsewhere, readSso, touchSso } from './sso.ts';
import { words } from '../words.ts';

/** Authorization endpoint (RFC 6749 4.1.1, OpenID Connect Core 3.1.2): GET and POST; the sign-in page posts to it too. Throws a Refusal for a page. */
export async function authorize(site: Site, policy: AuthorizePolicy, http: HttpRequest): Promise<HttpResponse> {
  const form = await readPage(http, site.realm.persona.repeatable);
  if (http.method === 'POST' && form.has('transaction')) return await continueSignIn(site, policy, http, form);
  const sent = parametersOf(form);
  const { parameters, pushedAs } = await takePushedRequest(site.realm, policy, sent);
  const { client, redirectUri } = locateClient(site, policy, parameters);
  const target = {
    clientId: client.id,
    redirectUri,
    responseMode: modeForErrors(policy, parameters),
    state: parameters.get('state'),
    locales: words(parameters.get('ui_locales')),
  };
  try {
    if (policy.pushed?.required === true && parameters === sent) throw new Refusal('pushed-required');
    const request = { ...checkAuthorizationRequest({ ...site, client }, policy, parameters), pushedAs };
    return await begin({ realm: site.realm, place: site.place, site, policy, client, request, http });
  } catch (error) {
    if (error instanceof Refusal && !policy.onPage.includes(error.problem))
      return await answerRefusal({ site, http }, target, error);
    throw error;
  }
}

async function begin(attempt: Attempt): Promise<HttpResponse> {
  const { site, policy, client, request, realm } = attempt;
  const hinted = headlessHint(attempt);
  if (hinted !== undefined) return await completeHinted(attempt, hinted);
  await touchSso(site, attempt.http);
  const session = client.ssoDisabled ? undefined : await readSso(site, attempt.http);
  const person = session === undefined ? undefined : personOf(attempt, session.pid);
  const fits =
    session !== undefined &&
    policy.acrSatisfies(session.acr, request.acr) &&
    (request.maxAgeSeconds === undefined || realm.now() - session.authTime <= request.maxAgeSeconds);
  const about = session === undefined || isAskedPerson(attempt, policy, request, session.pid);
  // OpenID Connect Core 3.1.2.1: a max_age of 0 asks for a new sign-in, however young the old one is.
  const askAgain =
    request.maxAgeSeconds === 0 ||
    request.prompt.some((prompt) => prompt === 'login' || prompt === 'select_account') ||
    (policy.consentAsks === true && request.prompt.includes('consent'));
  if (fits && about && person !== undefined && !askAgain) return await completeFromSession(attempt, session, person);
  if (request.prompt.includes('none')) {
    if (!about) throw new Refusal('other-person', { client: client.id });
    const elsewhere = session === undefined && (await isSignedInElsewhere(site, attempt.http));
    throw new Refusal(elsewhere ? 'session-elsewhere' : 'no-session', { client: client.id });
  }
  return await showSignIn(attempt);
}

/** Who a session is about, if they could sign in here today: people come and go while browsers stay open. */
function personOf({ realm, policy, place }: Attempt, pid: string): Person | undefined {
  return policy.typedPid ? realm.people.find(pid) : policy.choices(realm, place).find((person) => person.pid === pid);
}

interface Hint {
  readonly pid: string;
  readonly acr: string;
}

/** `login_hint=testid:…` signs in without a page. */
function headlessHint({ realm, policy, request }: Attempt): Hint | undefined {
  const hint = request.loginHint;
  if (!realm.headless || hint === undefined || !hint.startsWith('testid:')) return undefined;
  const found = policy.hint(hint.slice('testid:'.length), realm.people.all());
  if (found === undefined) throw new Refusal('hint-refused', { parameter: 'login_hint' });
  return found;
}

async function completeHinted(attempt: Attempt, hint: Hint): Promise<HttpResponse> {
  const { policy, request, realm } = attempt;
  const person = realm.people.find(hint.pid);
  if (person === undefined) throw new Refusal('hint-refused', { parameter: 'login_hint' });
  if (!policy.acrSatisfies(hint.acr, request.acr)) {
    if (policy.lowHint === 'access_denied') throw new Refusal('level-too-low');
    return await showSignIn(attempt);
  }
  return await completeSignIn(attempt, person, { acr: hint.acr, amr: ['TestID'], how: 'hint' });
}

/** A wrong response mode is itself an error, told in the query. */
function modeForErrors(policy: AuthorizePolicy, parameters: Parameters): ReturnType<typeof responseModeOf> {
  try {
    return responseModeOf(policy, parameters);
  } catch {
    return 'query';
  }
}
