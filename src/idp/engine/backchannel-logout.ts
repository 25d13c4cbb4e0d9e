import { randomBytes } from 'node:crypto';
import type { BackchannelPolicy } from '../policy/logout-policy.ts';
import type { Site } from '../persona.ts';
import { isLoopbackHost } from '../safety.ts';
import type { LocalClient } from './client.ts';
import { signToken } from './issue.ts';
import type { SsoSession } from './sso.ts';

/** Clients that have tokens of a session which has just ended. */
interface EndedSession {
  readonly at: Pick<Site, 'realm' | 'place'>;
  readonly policy: BackchannelPolicy;
  readonly session: SsoSession;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** From the request to the whole answer; whoever made `fetch` sets how long connecting may take. */
const ANSWER_SECONDS = 5;

/** Tells clients of a logout behind the browser's back, all at once and each once (OpenID Connect Back-Channel Logout 1.0 2.5). What became of it is an event; it never throws. */
export async function tellLogout(ended: EndedSession, clients: readonly LocalClient[]): Promise<void> {
  await Promise.all(clients.map((client) => tellOne(ended, client)));
}

async function tellOne(ended: EndedSession, client: LocalClient): Promise<void> {
  const { realm } = ended.at;
  const uri = client.backchannelLogoutUri;
  if (uri === undefined) return;
  const about = { persona: realm.persona.name, client: client.id };
  const cause = await failureOf(ended, client, uri);
  realm.emit(
    cause === undefined ? { event: 'idp.logout_told', ...about } : { event: 'idp.logout_untold', ...about, cause },
  );
}

async function failureOf(ended: EndedSession, client: LocalClient, uri: string): Promise<string | undefined> {
  const { realm } = ended.at;
  const refused = whyNotTo(uri, ended, client);
  if (refused !== undefined) return refused;
  const body = new URLSearchParams({ logout_token: await makeLogoutToken(ended, client) });
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new Error('no answer in time')), ANSWER_SECONDS * 1000);
  try {
    const { ok, status } = await realm.fetch(uri, { method: 'POST', body, signal: patience.signal });
    return ok ? undefined : `answered ${status}`;
  } catch (error) {
    const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return inner instanceof Error ? inner.message : 'unknown';
  } finally {
    clearTimeout(timer);
  }
}

/** A client is told on this machine unless more is allowed, and where the persona says so at a host it signs in at. */
function whyNotTo(uri: string, { at, policy }: EndedSession, client: LocalClient): string | undefined {
  const url = URL.parse(uri);
  if (url === null || !/^https?:$/.test(url.protocol)) return 'the address is not http or https';
  const known = client.redirectUris.some((each) => URL.parse(each)?.hostname === url.hostname);
  if (policy.sameHost === true && !known) {
    return 'no redirect URI has the host of the address';
  }
  return at.realm.allowNonLoopback || isLoopbackHost(url.hostname) ? undefined : 'the address is not loopback';
}

/** A logout token (OpenID Connect Back-Channel Logout 1.0 2.4): who is signed out, never a `nonce`. */
async function makeLogoutToken({ at, policy, session }: EndedSession, client: LocalClient): Promise<string> {
  const { realm, place } = at;
  const iat = Math.floor(realm.now());
  const claims = {
    iss: place.issuer,
    aud: client.id,
    iat,
    ...(policy.lifetimeSeconds === undefined ? {} : { exp: iat + policy.lifetimeSeconds }),
    jti: randomBytes(16).toString('base64url'),
    sid: session.sid,
    sub: policy.subject(realm, client, session),
    events: { [EVENT]: {} },
  };
  const header = policy.typ === undefined ? {} : { typ: policy.typ };
  const alg = policy.algorithm?.(client) ?? 'RS256';
  return await signToken(realm, { kind: 'logout', client: client.id, header, claims, alg });
}
