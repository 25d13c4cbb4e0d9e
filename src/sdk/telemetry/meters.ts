import type { SdkEvent } from '../events.ts';
import { attempt, meterOf } from './otel.ts';
import type { Attributes, OtelMeter } from './otel.ts';

/** The metrics of the library, named and labelled as the sidecar's (sidecar-sdk.md 3.9). */
export interface Meters {
  /** Counts what an event tells. */
  count(event: SdkEvent): void;
  /** Time of one validation or acquisition. */
  took(path: string, outcome: string, seconds: number): void;
  /** Time of one attempt at a token endpoint. */
  attempted(provider: string, outcome: string, seconds: number): void;
  acquired(path: string, provider: string, outcome: string): void;
  cache(path: string, provider: string, result: string): void;
  refreshed(provider: string, outcome: string): void;
  keys(issuer: string, reason: string, outcome: string): void;
  /** Reads a gauge whenever metrics are exported, until `close`; nothing is exported for undefined. */
  watch(gauge: Gauge, attributes: Attributes, read: () => number | undefined): void;
  close(): void;
}

/** What is read and not counted. */
type Gauge = keyof typeof GAUGES;

const GAUGES = {
  cache_entries: 'Entries of a cache.',
  cache_bytes: 'Bytes a cache takes, about.',
  breaker_open: 'Whether a token endpoint is given a pause.',
  clock_skew_seconds: "Our clock less a provider's.",
  jwks_age_seconds: 'Age of a key set.',
  jwks_keys: 'Usable keys of a key set.',
} as const;

const PREFIX = 'fullmakt_sdk_';
const SECONDS: readonly number[] = [
  ...Array.from({ length: 10 }, (_, at) => (at + 1) / 1000),
  ...Array.from({ length: 9 }, (_, at) => (at + 2) / 100),
  ...Array.from({ length: 9 }, (_, at) => (at + 2) / 10),
  2,
  5,
  10,
];

type Add = (value: number, attributes: Attributes) => void;

/** Metrics by the metrics API that was passed in; undefined without one. What it throws is dropped. */
export function createMeters(api: unknown): Meters | undefined {
  const meter = meterOf(api);
  return meter === undefined ? undefined : assemble(meter);
}

function assemble(meter: OtelMeter): Meters {
  const requests = counter(meter, 'requests_total', 'Validations and acquisitions by outcome.');
  const caches = counter(meter, 'cache_total', 'Acquisitions by what the cache had.');
  const refreshes = counter(meter, 'refresh_total', 'Refreshes in the background by outcome.');
  const keySets = counter(meter, 'jwks_total', 'Fetches of key sets by reason and outcome.');
  const durations = histogram(meter, 'request_seconds', 'Time of a validation or an acquisition.');
  const attempts = histogram(meter, 'upstream_seconds', 'Time of one attempt at a token endpoint.');
  const endings: (() => void)[] = [];
  return {
    count(event) {
      const outcome = verdictOf(event);
      if (outcome !== undefined) requests(1, outcome);
    },
    took: (path, outcome, seconds) => durations(seconds, { path, outcome }),
    attempted: (provider, outcome, seconds) => attempts(seconds, { provider, outcome }),
    acquired: (path, provider, outcome) => requests(1, { path, provider, outcome }),
    cache: (path, provider, result) => caches(1, { path, provider, result }),
    refreshed: (provider, outcome) => refreshes(1, { provider, outcome }),
    keys: (issuer, reason, outcome) => keySets(1, { issuer, reason, outcome }),
    watch(gauge, attributes, read) {
      endings.push(watch(meter, gauge, attributes, read));
    },
    close() {
      for (const end of endings.splice(0)) end();
    },
  };
}

/** Who is refused before its issuer is known has no provider to be counted under. */
function verdictOf(event: SdkEvent): Attributes | undefined {
  if (event.event === 'token.accepted') return { path: 'validate', provider: event.provider, outcome: 'accepted' };
  if (event.event === 'token.refused') return { path: 'validate', outcome: event.code };
  if (event.event === 'guard.refused') return { path: 'guard', provider: event.provider, outcome: event.code };
  return undefined;
}

function counter(meter: OtelMeter, name: string, description: string): Add {
  const made = attempt(() => meter.createCounter(PREFIX + name, { description }));
  return (value, attributes) => attempt(() => made?.add?.(value, attributes));
}

function histogram(meter: OtelMeter, name: string, description: string): Add {
  const advice = { explicitBucketBoundaries: [...SECONDS] };
  const made = attempt(() => meter.createHistogram(PREFIX + name, { description, unit: 's', advice }));
  return (value, attributes) => attempt(() => made?.record?.(value, attributes));
}

function watch(meter: OtelMeter, gauge: Gauge, attributes: Attributes, read: () => number | undefined): () => void {
  const made = attempt(() => meter.createObservableGauge(PREFIX + gauge, { description: GAUGES[gauge] }));
  const callback: Parameters<NonNullable<typeof made>['addCallback']>[0] = (result) => {
    attempt(() => {
      const value = read();
      if (value !== undefined) result.observe(value, attributes);
    });
  };
  attempt(() => made?.addCallback(callback));
  return () => {
    attempt(() => made?.removeCallback(callback));
  };
}
