import { measureClockSkew } from '../../oauth/clock-skew.ts';
import type { Fetch } from '../../oauth/fetch.ts';
import type { Clock } from '../../oauth/time.ts';
import type { Provider } from '../principal.ts';
import type { Telemetry } from '../telemetry.ts';

/** What a provider is asked with. */
interface Asking {
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly telemetry: Telemetry;
}

/** The same fetch, which tells when a provider's clock is far from ours; it corrects nothing. */
export function clockedFetch(provider: Provider, { fetch, now, telemetry }: Asking): Fetch {
  const { emit, meters } = telemetry;
  let measured: number | undefined;
  meters?.watch('clock_skew_seconds', { provider }, () => measured);
  return measureClockSkew(fetch, {
    now,
    onMeasured: (seconds) => {
      measured = seconds;
    },
    onSkew: (seconds) => {
      emit({ event: 'clock.skew', provider, seconds });
    },
  });
}
