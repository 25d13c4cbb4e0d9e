import type { HttpRequest } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import { listSso } from '../engine/sso.ts';
import type { JoinedSession } from '../engine/sso.ts';
import { queryOf, route, serviceOf } from './context.ts';
import type { ControlContext } from './context.ts';
import { endSessions } from './end-sessions.ts';
import { ControlProblem } from './problem.ts';

/** `/v1/{persona}/sessions`: who is signed in; ending one without a word, or with `notify=1` as the person would. */
export function sessionRoutes(context: ControlContext): readonly Route[] {
  const one = '/v1/:persona/sessions/:sid';
  const all = '/v1/:persona/sessions';
  const listOf = (persona: string | undefined): Promise<readonly JoinedSession[]> =>
    listSso(serviceOf(context, persona));
  const byId = async (persona: string | undefined, sid: string | undefined): Promise<JoinedSession> => {
    const found = (await listOf(persona)).find(({ session }) => session.sid === sid);
    if (found === undefined) throw new ControlProblem('not_found', 'no such session');
    return found;
  };
  return [
    route('GET', all, async (request, { persona }) => {
      isNotify(request);
      return { sessions: (await listOf(persona)).map(show) };
    }),
    route('GET', one, async (_request, { persona, sid }) => show(await byId(persona, sid))),
    route('DELETE', all, async (request, { persona }) => {
      const notify = isNotify(request);
      return await endSessions(serviceOf(context, persona), await listOf(persona), notify);
    }),
    route('DELETE', one, async (request, { persona, sid }) => {
      const notify = isNotify(request);
      return await endSessions(serviceOf(context, persona), [await byId(persona, sid)], notify);
    }),
  ];
}

/** `1` or `0`. Throws ControlProblem. */
function isNotify(request: HttpRequest): boolean {
  const { notify = '0' } = queryOf(request, ['notify']);
  if (notify === '0' || notify === '1') return notify === '1';
  throw new ControlProblem('unprocessable', 'notify: not 0 or 1', 'notify');
}

function show({ session, clients }: JoinedSession): unknown {
  const { sid, tenant, pid, acr, amr, authTime } = session;
  return {
    sid,
    pid,
    acr,
    amr,
    auth_time: authTime,
    ...(tenant === '' ? {} : { tenant }),
    clients: clients.toSorted((a, b) => a.localeCompare(b)),
  };
}
