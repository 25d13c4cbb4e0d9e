import { stringClaim } from '../../oauth/jwt.ts';
import type { Claims } from '../../oauth/jwt.ts';
import { clearCookie } from '../../web/cookies.ts';
import type { Form } from '../../web/forms.ts';
import { redirect } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { signedOutPage, signOutPage } from '../pages/pages.ts';
import type { LogoutPolicy } from '../policy/logout-policy.ts';
import type { Site } from '../persona.ts';
import { words } from '../words.ts';
import { fieldsToConfirm, needsConsent } from './ask-sign-out.ts';
import type { LocalClient } from './client.ts';
import { localesOf } from './language.ts';
import { readOwnToken } from './own-token.ts';
import { readPage } from './parameters.ts';
import { Refusal } from './refusal.ts';
import { tellLogout } from './backchannel-logout.ts';
import { cookieName, endSso, listSso, readSso } from './sso.ts';

/** What a logout request says, judged. */
interface LogoutRequest {
  readonly hint: Claims | undefined;
  readonly client: LocalClient | undefined;
  readonly returnTo: string | undefined;
  /** What keeps the browser from being sent back; the session ends all the same where the cookie says so. */
  readonly refusal: Refusal | undefined;
  readonly locales: readonly string[];
}

/** End-session endpoint (OpenID Connect RP-Initiated Logout 1.0 2, Front-Channel Logout 1.0 3). Throws a Refusal for a page. */
export async function endSession(site: Site, policy: LogoutPolicy, http: HttpRequest): Promise<HttpResponse> {
  const form = await readPage(http);
  const asked = judge(site, policy, form);
  const session = await readSso(site, http);
  if (policy.asks === true) {
    if (asked.refusal !== undefined) throw asked.refusal;
    if (needsConsent(session, { hint: asked.hint, form, http })) return question(site, policy, asked, { form, http });
  }
  const sid = session?.sid ?? (await sessionOf(site, policy, asked));
  const ended = sid === undefined ? undefined : await endJoined(site, policy, sid);
  if (asked.refusal !== undefined) throw asked.refusal;
  if (session === undefined && asked.hint === undefined && policy.unknownSession === 'error') {
    throw new Refusal('nothing-to-end');
  }
  const answer = respond(site, asked, ended?.frames ?? [], http);
  // A cookie that did not come along, or is of another tenant, belongs to a session that goes on.
  if (session === undefined) return answer;
  const cookie = clearCookie(cookieName(site), { path: '/', httpOnly: true, secure: site.secure, sameSite: 'Lax' });
  return { ...answer, headers: { ...answer.headers, 'set-cookie': [cookie] } };
}

function question(
  { realm, place }: Site,
  policy: LogoutPolicy,
  asked: LogoutRequest,
  { form, http }: { readonly form: Form; readonly http: HttpRequest },
): HttpResponse {
  return signOutPage({
    label: realm.persona.label,
    locales: localesOf({ realm }, http, asked.locales),
    acceptLanguage: http.headers['accept-language'],
    action: policy.path(place),
    fields: fieldsToConfirm(form),
    next: asked.returnTo,
  });
}

/** Ends a session as its user would: clients that can be told behind the browser's back have been. `frames` tell the others. Undefined where there was no such session. */
export async function endJoined(
  at: Pick<Site, 'realm' | 'place'>,
  policy: LogoutPolicy,
  sid: string,
): Promise<{ readonly clients: number; readonly frames: readonly string[] } | undefined> {
  const { realm } = at;
  const ended = await endSso(realm, sid);
  if (ended === undefined) return undefined;
  const { session } = ended;
  realm.emit({ event: 'idp.signed_out', persona: realm.persona.name, clients: ended.clients.length });
  const home = { realm, place: policy.home?.(at.place, session.tenant) ?? at.place };
  const known = ended.clients.map((id) => realm.persona.client(realm.snapshot(), id, home.place));
  const clients = known.filter((client) => client !== undefined);
  if (policy.backchannel !== undefined) await tellLogout({ at: home, policy: policy.backchannel, session }, clients);
  return { clients: clients.length, frames: clients.flatMap((client) => frameOf(home, policy, client, sid)) };
}

function respond(site: Site, asked: LogoutRequest, frames: readonly string[], http: HttpRequest): HttpResponse {
  if (frames.length === 0 && asked.returnTo !== undefined) return redirect(asked.returnTo, 303);
  return signedOutPage({
    label: site.realm.persona.label,
    locales: localesOf(site, http, asked.locales),
    acceptLanguage: http.headers['accept-language'],
    frames,
    next: asked.returnTo,
  });
}

function judge(site: Site, policy: LogoutPolicy, form: Form): LogoutRequest {
  const token = form.get('id_token_hint');
  const hint = token === undefined ? undefined : readHint(site, policy, token);
  const clientId = form.get('client_id') ?? (hint === undefined ? undefined : stringClaim(hint, 'aud'));
  const client =
    clientId === undefined ? undefined : site.realm.persona.client(site.realm.snapshot(), clientId, site.place);
  const locales = words(form.get('ui_locales'));
  const target = form.get('post_logout_redirect_uri');
  const base = { hint, client, locales };
  if (token !== undefined && (hint === undefined || clientId !== stringClaim(hint, 'aud'))) {
    // Whoever sends another client's token may not end what it names either.
    return {
      ...base,
      hint: undefined,
      returnTo: undefined,
      refusal: new Refusal('hint-invalid', { parameter: 'id_token_hint' }),
    };
  }
  const state = form.get('state');
  if (policy.printableState && state !== undefined && !/^[\x20-\x7e]+$/.test(state)) {
    return { ...base, returnTo: undefined, refusal: new Refusal('state-unprintable', { parameter: 'state' }) };
  }
  const returns = target !== undefined && (clientId !== undefined || !policy.returnNeedsClient);
  if (!returns) return { ...base, returnTo: undefined, refusal: undefined };
  if (!isRegistered(site, policy, client, target)) {
    return { ...base, returnTo: undefined, refusal: new Refusal('return-unknown', { redirect: target }) };
  }
  return { ...base, returnTo: state === undefined ? target : withParameters(target, { state }), refusal: undefined };
}

function readHint(site: Site, policy: LogoutPolicy, token: string): Claims | undefined {
  const claims = readOwnToken(site.realm, site.place.issuer, token);
  return claims !== undefined && policy.isIdToken(claims) ? claims : undefined;
}

/** The session an ID token is from. One that does not name it was given to its client at one sign-in of one person. */
async function sessionOf(
  { realm }: Site,
  { backchannel }: LogoutPolicy,
  { hint, client }: LogoutRequest,
): Promise<string | undefined> {
  const sid = hint === undefined ? undefined : stringClaim(hint, 'sid');
  if (sid !== undefined || hint === undefined || client === undefined || backchannel === undefined) return sid;
  const found = (await listSso({ realm })).find(
    ({ session, clients }) =>
      clients.includes(client.id) &&
      session.authTime === hint['auth_time'] &&
      backchannel.subject(realm, client, session) === hint['sub'],
  );
  return found?.session.sid;
}

function isRegistered(site: Site, policy: LogoutPolicy, client: LocalClient | undefined, target: string): boolean {
  if (client !== undefined) return client.postLogoutRedirectUris.includes(target);
  if (policy.returnNeedsClient) return false;
  const { realm, place } = site;
  const snapshot = realm.snapshot();
  return [...snapshot.clients(realm.persona.provider)].some((row) =>
    realm.persona.client(snapshot, row.clientId, place)?.postLogoutRedirectUris.includes(target),
  );
}

function frameOf(
  { place }: Pick<Site, 'place'>,
  policy: LogoutPolicy,
  client: LocalClient,
  sid: string,
): readonly string[] {
  if (client.frontchannelLogoutUri === undefined) return [];
  return [
    withParameters(client.frontchannelLogoutUri, policy.issInFrontchannel ? { iss: place.issuer, sid } : { sid }),
  ];
}

function withParameters(address: string, parameters: Readonly<Record<string, string>>): string {
  return `${address}${address.includes('?') ? '&' : '?'}${new URLSearchParams(parameters).toString()}`;
}
