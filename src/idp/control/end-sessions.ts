import { endJoined } from '../engine/end-session.ts';
import { endSso } from '../engine/sso.ts';
import type { JoinedSession } from '../engine/sso.ts';
import { isLoopbackHost } from '../safety.ts';
import type { Service } from '../stage.ts';

const ANSWER_SECONDS = 5;

/** What became of sessions that were ended. */
interface Ended {
  readonly ended: readonly string[];
  /** Addresses told by front channel, and the status each gave; 0 = none. */
  readonly frontchannel: readonly { readonly uri: string; readonly status: number }[];
}

/** Ends sessions. With `notify` their clients hear of it: behind the browser's back as ever, and by front channel from here, for there is no browser to load the frames. */
export async function endSessions(
  service: Service,
  sessions: readonly JoinedSession[],
  notify: boolean,
): Promise<Ended> {
  const all = await Promise.all(sessions.map((each) => endOne(service, each, notify)));
  return { ended: sessions.map(({ session }) => session.sid), frontchannel: all.flat() };
}

async function endOne(service: Service, { session }: JoinedSession, notify: boolean): Promise<Ended['frontchannel']> {
  const { realm } = service;
  const { logout } = realm.persona;
  if (!notify || logout === undefined) {
    await endSso(realm, session.sid);
    return [];
  }
  const place = service.place(session.tenant === '' ? undefined : session.tenant);
  const ended = await endJoined({ realm, place }, logout, session.sid);
  return await Promise.all((ended?.frames ?? []).map((uri) => load(service, uri)));
}

/** As a frame of the sign-out page would, without cookies. The address without its query: a session's name is nobody's business. */
async function load({ realm }: Service, address: string): Promise<{ uri: string; status: number }> {
  const uri = address.replace(/\?[^]*/, '');
  const host = URL.parse(address)?.hostname ?? '';
  if (!isLoopbackHost(host) && !realm.allowNonLoopback) return { uri, status: 0 };
  try {
    const response = await realm.fetch(address, { signal: AbortSignal.timeout(ANSWER_SECONDS * 1000) });
    await response.body?.cancel();
    return { uri, status: response.status };
  } catch {
    return { uri, status: 0 };
  }
}
