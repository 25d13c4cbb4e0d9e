import type { SidecarContext } from './context.ts';
import type { Provider } from './provider/provider.ts';

/** These metrics, with gauges as they are when somebody reads them: nothing runs in between. */
export function withState<D extends { readonly metrics?: () => Promise<string> }>(
  dependencies: D,
  contexts: () => Iterable<SidecarContext>,
): D {
  const { metrics } = dependencies;
  if (metrics === undefined) return dependencies;
  const read = (): Promise<string> => {
    for (const context of contexts()) tellState(context);
    return metrics();
  };
  return { ...dependencies, metrics: read };
}

/** Tells the gauges of one application. */
export function tellState({ cache, results, providers, now, emit }: SidecarContext): void {
  const { entries, bytes } = cache.size();
  emit({ event: 'sidecar.cache_size', cache: 'token', entries, bytes });
  if (results !== undefined) emit({ event: 'sidecar.cache_size', cache: 'introspection', ...results.size() });
  for (const provider of providers.values()) {
    const skewSeconds = provider.issuer.clock.skewSeconds();
    emit({
      event: 'sidecar.provider_state',
      provider: provider.settings.name,
      open: provider.tokenEndpoint.breakerOpen() ? 1 : 0,
      ...(skewSeconds === undefined ? {} : { skewSeconds }),
    });
    emit({ event: 'sidecar.keys_state', issuer: provider.settings.issuer, ...keysOf(provider, now()) });
  }
}

function keysOf({ keySet }: Provider, now: number): { readonly count: number; readonly ageSeconds?: number } {
  const { keys: count, fetchedAt } = keySet.state();
  return fetchedAt === undefined ? { count } : { count, ageSeconds: Math.max(0, now - fetchedAt) };
}
