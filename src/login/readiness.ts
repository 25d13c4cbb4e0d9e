/** Health on listeners of its own: what is missing before requests are taken. */
import type { Clock } from '../oauth/time.ts';
import { healthRoutes } from '../web/health.ts';
import { createRouter } from '../web/router.ts';
import type { ListenerSpec } from '../web/serve.ts';
import type { LoginContext, Siblings } from './context.ts';

/** The most that our clock and the store's may be apart. */
const CLOCK_SECONDS = 30;

/** What whoever runs the proxy knows and it does not. */
export interface HealthDeps {
  readonly now: Clock;
  readonly metrics?: () => Promise<string>;
  /** False once it is ending; true unless given. */
  readonly accepting?: () => boolean;
  /** Whether what has to be on record can be written; true unless given. */
  readonly auditReady?: () => boolean | Promise<boolean>;
}

/** Whether the store answers, and whether its clock is ours; of a store that is away nobody knows the time. */
async function storeParts({ store }: LoginContext, now: Clock): Promise<Record<string, boolean>> {
  try {
    return { store: true, clock: Math.abs((await store.now()) - now()) <= CLOCK_SECONDS };
  } catch {
    return { store: false };
  }
}

/** Whether metadata that fits the configuration, and keys, were there once. */
async function providerParts({ config, provider, client }: LoginContext): Promise<Record<string, boolean>> {
  // Whoever reads sessions that another instance keeps speaks with no provider.
  if (config.role === 'sso-proxy') return {};
  const loaded = client.metadata.loaded() !== undefined;
  const suffix = provider.isDefault ? '' : ` of ${provider.name}`;
  return { [`metadata${suffix}`]: loaded, [`keys${suffix}`]: loaded && (await client.keySet.ready()) };
}

/** What is missing before requests are taken; a provider's later outage does not count. */
async function readiness({ first, all }: Siblings, deps: HealthDeps): Promise<Record<string, boolean>> {
  const { accepting = () => true, auditReady = () => true } = deps;
  const parts = [storeParts(first, deps.now), ...all.map(providerParts)];
  const [found, audit] = await Promise.all([Promise.all(parts), auditReady()]);
  return Object.assign({ accepting: accepting(), audit }, ...found);
}

/** The listener of figures and health, and the one of health alone, as far as the settings have them. */
export function healthListeners(siblings: Siblings, deps: HealthDeps): readonly ListenerSpec[] {
  const { metricsAddress, probeAddress } = siblings.first.config;
  const ready = (): Promise<Record<string, boolean>> => readiness(siblings, deps);
  const { metrics } = deps;
  const listeners: ListenerSpec[] = [];
  if (metricsAddress !== undefined)
    listeners.push({
      name: 'login metrics',
      setting: 'FULLMAKT_LOGIN_METRICS_BIND_ADDRESS',
      ...metricsAddress,
      handle: createRouter(healthRoutes({ ready, ...(metrics === undefined ? {} : { metrics }) })),
    });
  if (probeAddress !== undefined)
    listeners.push({
      name: 'login probes',
      setting: 'FULLMAKT_LOGIN_PROBE_BIND_ADDRESS',
      ...probeAddress,
      handle: createRouter(healthRoutes({ ready })),
    });
  return listeners;
}
