import type { Figures } from '../observe/events.ts';

const REQUEST_SECONDS: readonly number[] = [
  ...Array.from({ length: 10 }, (_, at) => (at + 1) / 1000),
  ...Array.from({ length: 9 }, (_, at) => (at + 2) / 100),
  ...Array.from({ length: 9 }, (_, at) => (at + 2) / 10),
  2,
  5,
  10,
];

function counter(name: string, help: string, labels: readonly string[]): Required<Pick<Figures, 'counter'>> {
  return { counter: { name: `fullmakt_sidecar_${name}`, help, labels } };
}

function gauge(
  name: string,
  { field, help, labels }: { readonly field: string; readonly help: string; readonly labels: readonly string[] },
): Required<Pick<Figures, 'gauge'>> {
  return { gauge: { name: `fullmakt_sidecar_${name}`, field, help, labels } };
}

const JWKS = counter('jwks_total', 'Fetches of key sets by what caused them and what came of it.', [
  'issuer',
  'reason',
  'outcome',
]);

type FedFigures = Figures & { readonly also?: readonly Figures[] };

type FigureName =
  | 'request'
  | 'cache'
  | 'upstream'
  | 'refresh'
  | 'refusedByPolicy'
  | 'turnedAway'
  | 'keys'
  | 'keysSuppressed'
  | 'reload'
  | 'cacheSize'
  | 'providerState'
  | 'keysState';

const CACHE = ['cache'] as const;
const PROVIDER = ['provider'] as const;
const ISSUER = ['issuer'] as const;

/** The metrics of the sidecar (sidecar-sdk.md 3.9), by the event that feeds them. */
export const figures: Readonly<Record<FigureName, FedFigures>> = {
  request: {
    ...counter('requests_total', 'Requests by endpoint and outcome.', ['path', 'provider', 'outcome']),
    histogram: {
      name: 'fullmakt_sidecar_request_seconds',
      help: 'Time to an answer.',
      field: 'seconds',
      labels: ['path', 'status'],
      buckets: REQUEST_SECONDS,
    },
  },
  cache: counter('cache_total', 'Requests by what the cache had.', ['path', 'provider', 'result']),
  upstream: {
    histogram: {
      name: 'fullmakt_sidecar_upstream_seconds',
      help: 'Time of one attempt at a token endpoint.',
      field: 'seconds',
      labels: ['provider', 'outcome'],
    },
  },
  refresh: counter('refresh_total', 'Tokens fetched ahead of their end.', ['provider', 'outcome']),
  refusedByPolicy: counter(
    'policy_refusals_total',
    'Tokens a provider refused because no access policy allows them.',
    PROVIDER,
  ),
  turnedAway: counter('turned_away_total', 'Requests refused at the front door.', ['rule']),
  keys: JWKS,
  keysSuppressed: { counter: { ...JWKS.counter, from: { outcome: { always: 'suppressed' } } } },
  reload: counter('reload_total', 'Times the configuration was read again.', ['outcome']),
  cacheSize: {
    ...gauge('cache_entries', { field: 'entries', help: 'Entries of a cache.', labels: CACHE }),
    also: [gauge('cache_bytes', { field: 'bytes', help: 'Memory of a cache, about.', labels: CACHE })],
  },
  providerState: {
    ...gauge('breaker_open', { field: 'open', help: '1 while a provider is given a pause.', labels: PROVIDER }),
    also: [
      gauge('clock_skew_seconds', {
        field: 'skewSeconds',
        help: 'How far our clock is ahead of the one of a provider, when it answered last.',
        labels: PROVIDER,
      }),
    ],
  },
  keysState: {
    ...gauge('jwks_keys', { field: 'count', help: 'Usable keys of an issuer.', labels: ISSUER }),
    also: [
      gauge('jwks_age_seconds', { field: 'ageSeconds', help: 'Age of the key set of an issuer.', labels: ISSUER }),
    ],
  },
};
