import { measureClockSkew } from '../../oauth/clock-skew.ts';
import type { Fetch } from '../../oauth/fetch.ts';
import type { Clock } from '../../oauth/time.ts';
import type { Emit } from '../../observe/events.ts';
import type { SidecarEvent } from '../events.ts';

/** What tells how far our clock is from a provider's: its answers to this fetch (sidecar-sdk.md 2.2). */
export interface ProviderClock {
  readonly fetch: Fetch;
  /** Seconds by which ours was ahead at its last answer; undefined before the first. */
  skewSeconds(): number | undefined;
}

/** Watches one provider, whatever of it is asked. */
export function watchProviderClock(
  provider: string,
  { fetch, now, emit }: { readonly fetch: Fetch; readonly now: Clock; readonly emit: Emit<SidecarEvent> },
): ProviderClock {
  let latest: number | undefined;
  return {
    fetch: measureClockSkew(fetch, {
      now,
      onMeasured: (skewSeconds) => {
        latest = skewSeconds;
      },
      onSkew: (skewSeconds) => {
        emit({ event: 'sidecar.clock_skew', provider, skewSeconds });
      },
    }),
    skewSeconds: () => latest,
  };
}
