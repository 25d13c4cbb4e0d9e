import type { Clock } from '../oauth/time.ts';
import { MINUTE } from '../oauth/time.ts';
import { json } from '../web/http.ts';
import type { HttpResponse } from '../web/http.ts';
import type { Provider } from './provider.ts';

const FRESH_SECONDS = 11 * MINUTE;

function keysOf({ keySet }: Provider, ok: boolean, now: number): Record<string, unknown> {
  const { keys, fetchedAt, failure } = keySet.state();
  if (fetchedAt === undefined) return { state: 'never', usable: 0, last_error: failure };
  const age = Math.max(0, Math.round(now - fetchedAt));
  return { state: !ok ? 'expired' : age < FRESH_SECONDS ? 'fresh' : 'stale', age, usable: keys, last_error: failure };
}

/** GET /readyz: 200 when the keys of every provider that is on are there. An open breaker is no reason to be unready. */
export async function handleReady(providers: Iterable<Provider>, now: Clock): Promise<HttpResponse> {
  const rows = await Promise.all(
    Array.from(providers, async (provider) => {
      const ok = await provider.keySet.ready();
      const { settings, tokenEndpoint } = provider;
      const credential = settings.client === undefined ? undefined : { kid: settings.client.key.kid };
      const endpoint = tokenEndpoint.breakerOpen() ? 'open' : 'ok';
      return [settings.name, { ok, keys: keysOf(provider, ok, now()), token_endpoint: endpoint, credential }] as const;
    }),
  );
  const ready = rows.every(([, { ok }]) => ok);
  return json(ready ? 200 : 503, { ready, providers: Object.fromEntries(rows) }, { 'Cache-Control': 'no-store' });
}
