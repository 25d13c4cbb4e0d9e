import { empty, plain } from '../web/http.ts';
import type { HttpResponse } from '../web/http.ts';
import { healthRoutes } from '../web/health.ts';
import type { Route } from '../web/router.ts';
import type { StallWatch } from '../web/stall-watch.ts';
import type { ExchangeDependencies } from './context.ts';
import { clocksAgree } from './keys/replica-clock.ts';
import type { SigningKeys } from './keys/signing-keys.ts';

/** What the answers come from. */
interface HealthSources extends Pick<ExchangeDependencies, 'registry' | 'replay' | 'auditReady' | 'accepting'> {
  readonly keys: Pick<SigningKeys, 'overdue'>;
  readonly stalls: Pick<StallWatch, 'stalled'>;
}

/**
 * Whether the server is alive and able to answer token requests: it is not about to end and was not stuck lately, the rules are fresh, the clock agrees with the registry's,
 * no signing key is far over its time, and the replay store and the audit log answer. Issuers of subject tokens do not count:
 * one of them is not all of them.
 */
export function exchangeHealthRoutes(
  { registry, keys, stalls, replay, auditReady, accepting }: HealthSources,
  staleLimitSeconds: number,
): readonly Route[] {
  const ready = async (): Promise<Record<string, boolean>> => ({
    accepting: accepting?.() ?? true,
    eventLoop: !stalls.stalled(),
    registry: registry.ageSeconds() <= staleLimitSeconds,
    clock: clocksAgree(registry),
    signingKeys: !keys.overdue(),
    // Written, not only read: a full disk is an outage to every exchange.
    replayStore: await answers(() => replay.check()),
    audit: (await auditReady?.()) ?? true,
  });
  const isReady = async (): Promise<HttpResponse> =>
    empty(Object.values(await ready()).every(Boolean) ? 200 : 503, { 'Cache-Control': 'no-store' });
  return [
    ...healthRoutes({ ready }),
    { method: 'GET', path: '/internal/isalive', handle: () => plain(200, 'ALIVE') },
    { method: 'GET', path: '/internal/isready', handle: isReady },
  ];
}

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch {
    return false;
  }
}
