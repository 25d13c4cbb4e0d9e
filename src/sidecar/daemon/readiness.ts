import type { Clock } from '../../oauth/time.ts';
import { empty, json } from '../../web/http.ts';
import type { Handle, HttpResponse } from '../../web/http.ts';
import { lookAtProviders } from '../ready.ts';
import type { HostedApps } from './hosted-apps.ts';

const NO_STORE = { 'Cache-Control': 'no-store' };

/**
 * GET /readyz of a daemon: 200 as soon as the folders were read, with every application in it, for the trouble of one is no reason to
 * keep anything from the others. With a query `app=<namespace>/<app>` that application alone: 200, 503, or 404 when there is none.
 */
export function daemonReadiness(
  { hosted, refused }: Pick<HostedApps, 'hosted' | 'refused'>,
  state: () => { readonly hasRead: boolean; readonly problem: string | undefined },
  now: Clock,
): Handle {
  const rowOf = async (name: string): Promise<{ readonly ready: boolean }> => {
    const app = hosted.get(name);
    const problems = refused.get(name);
    if (app === undefined) return { ready: false, ...(problems && { problems }) };
    const row = await lookAtProviders(app.context().providers.values(), now);
    return Object.assign({}, row, { reload: app.shown(), origins: app.origins }, problems && { problems });
  };
  return async ({ query }): Promise<HttpResponse> => {
    const asked = new URLSearchParams(query).get('app');
    if (asked !== null) {
      if (!hosted.has(asked) && !refused.has(asked)) return empty(404, NO_STORE);
      const row = await rowOf(asked);
      return json(row.ready ? 200 : 503, row, NO_STORE);
    }
    const names = [...new Set([...hosted.keys(), ...refused.keys()])].toSorted();
    const rows = await Promise.all(names.map(async (name) => [name, await rowOf(name)] as const));
    const { hasRead: ready, problem } = state();
    return json(ready ? 200 : 503, { ready, apps: Object.fromEntries(rows), problem }, NO_STORE);
  };
}
