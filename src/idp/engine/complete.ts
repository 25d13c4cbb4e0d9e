import { randomUUID } from 'node:crypto';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { requireAskedPerson } from './asked-person.ts';
import { spendPushedRequest } from './par.ts';
import type { AuthorizePolicy } from '../policy/authorize-policy.ts';
import type { ClientSite, Site } from '../persona.ts';
import type { Person } from '../people/person.ts';
import { answerAuthorization } from './authorization-answer.ts';
import { storeCode } from './codes.ts';
import { refuseOnDemand } from './faulty-authorize.ts';
import { joinSession, keepSession, readSso, startSso } from './sso.ts';
import type { SsoSession } from './sso.ts';
import type { AuthorizationRequest, FurtherRequest, UserGrant } from './user-grant.ts';

/** A checked request of a known client at a place, and how this persona authorizes. */
export interface Attempt extends ClientSite {
  readonly site: Site;
  readonly policy: AuthorizePolicy;
  readonly request: AuthorizationRequest;
  readonly http: HttpRequest;
  /** Faults ticked on the sign-in page. */
  readonly ticked?: readonly string[];
}

/** Ends an attempt for a person who has just signed in: new or raised SSO session, code, answer. */
export async function completeSignIn(
  asked: Attempt,
  person: Person,
  proof: { readonly acr: string; readonly amr: readonly string[]; readonly how: 'page' | 'hint' },
): Promise<HttpResponse> {
  const attempt = atHome(asked, person);
  const { site, policy, client, http } = attempt;
  policy.admit(attempt, person, attempt.request.scopes);
  requireAskedPerson(attempt, policy, attempt.request, person.pid);
  await spendPushedRequest(attempt.realm, attempt.request);
  await refuseOnDemand(attempt);
  const before = client.ssoDisabled ? undefined : await readSso(site, http);
  const session: SsoSession = {
    // Signing in again as the same person raises the session and keeps its name; a client's logout still finds it.
    sid: before?.pid === person.pid ? before.sid : policy.makeSid(),
    tenant: site.place.tenant,
    pid: person.pid,
    acr: proof.acr,
    amr: proof.amr,
    authTime: Math.floor(site.realm.now()),
  };
  const cookie = client.ssoDisabled ? [] : [await startSso(site, http, session)];
  // A session of its own can be logged out of, but no browser brings it back.
  if (client.ssoDisabled) await keepSession(site, session);
  const answer = await answerWithCode(attempt, session, proof.how);
  return { ...answer, headers: { ...answer.headers, 'set-cookie': cookie } };
}

/** Ends an attempt with the SSO session the browser already has. */
export async function completeFromSession(asked: Attempt, session: SsoSession, person: Person): Promise<HttpResponse> {
  const attempt = atHome(asked, person);
  attempt.policy.admit(attempt, person, attempt.request.scopes);
  await spendPushedRequest(attempt.realm, attempt.request);
  await refuseOnDemand(attempt);
  return await answerWithCode(attempt, session, 'session');
}

/** At an address that tenants share, everything after the sign-in happens at the person's own. */
function atHome(attempt: Attempt, person: Person): Attempt {
  const place = attempt.policy.home?.(attempt.place, person) ?? attempt.place;
  return place === attempt.place ? attempt : { ...attempt, place, site: { ...attempt.site, place } };
}

async function answerWithCode(
  attempt: Attempt,
  session: SsoSession,
  how: 'page' | 'hint' | 'session',
): Promise<HttpResponse> {
  const { site, policy, client, request, realm } = attempt;
  const grant: UserGrant = {
    grantId: randomUUID(),
    clientId: client.id,
    tenant: site.place.tenant,
    pid: session.pid,
    acr: session.acr,
    amr: session.amr,
    authTime: session.authTime,
    startedAt: Math.floor(realm.now()),
    sid: session.sid,
    scopes: request.scopes,
    resource: request.resource,
    nonce: request.nonce,
    clientInfo: request.clientInfo,
    redirectUri: request.redirectUri,
    sentClaims: request.sentClaims,
    ...furtherOf(request),
    faults: attempt.ticked ?? [],
  };
  const code = policy.makeCode();
  const { redirectUri, redirectLeftOut, challenge } = request;
  await storeCode(realm, code, { grant, redirectUri, redirectLeftOut, challenge });
  await joinSession(site, session.sid, client.id);
  realm.emit({ event: 'idp.signed_in', persona: realm.persona.name, client: client.id, acr: session.acr, how });
  return await answerAuthorization({ ...attempt, grant }, request, { code, ...policy.extras(realm, grant) });
}

/** What only some personas let a client ask for, as it was asked for. */
function furtherOf({ onBehalfOf, authorizationDetails }: AuthorizationRequest): FurtherRequest {
  return {
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    ...(authorizationDetails === undefined ? {} : { authorizationDetails }),
  };
}
