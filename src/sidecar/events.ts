import type { EventTable } from '../observe/events.ts';

/** What the sidecar tells. */
export type SidecarEvent =
  | {
      readonly event: 'sidecar.request';
      readonly path: string;
      readonly outcome: string;
      readonly status: number;
      readonly seconds: number;
      readonly cid: string;
    }
  | { readonly event: 'sidecar.cache'; readonly path: string; readonly provider: string; readonly result: string }
  | {
      readonly event: 'sidecar.upstream';
      readonly provider: string;
      readonly outcome: string;
      readonly seconds: number;
    }
  | {
      readonly event: 'sidecar.refused_by_policy';
      readonly provider: string;
      readonly target: string;
      readonly status: number;
      readonly error: string;
      readonly description: string;
      readonly cid: string;
    }
  | {
      readonly event: 'sidecar.request_failed';
      readonly provider: string;
      readonly kind: string;
      readonly error: string;
      readonly description: string;
      readonly cause: unknown;
      readonly cid: string;
    }
  | { readonly event: 'sidecar.turned_away'; readonly rule: string; readonly cid: string }
  | { readonly event: 'sidecar.keys'; readonly provider: string; readonly outcome: string; readonly reason: string }
  | { readonly event: 'sidecar.local_providers_allowed'; readonly hosts: string }
  | { readonly event: 'sidecar.audience_unchecked'; readonly provider: string }
  | { readonly event: 'sidecar.bug'; readonly error: unknown; readonly cid: string };

const REQUEST_SECONDS: readonly number[] = [
  ...Array.from({ length: 10 }, (_, at) => (at + 1) / 1000),
  ...Array.from({ length: 9 }, (_, at) => (at + 2) / 100),
  ...Array.from({ length: 9 }, (_, at) => (at + 2) / 10),
  2,
  5,
  10,
];

/** What becomes of each event (sidecar-sdk.md 3.9). */
export const sidecarEvents: EventTable<SidecarEvent> = {
  'sidecar.request': {
    level: 'debug',
    counter: {
      name: 'fullmakt_sidecar_requests_total',
      help: 'Requests by endpoint and outcome.',
      labels: ['path', 'outcome'],
    },
    histogram: {
      name: 'fullmakt_sidecar_request_seconds',
      help: 'Time to an answer.',
      field: 'seconds',
      labels: ['path', 'status'],
      buckets: REQUEST_SECONDS,
    },
  },
  'sidecar.cache': {
    level: 'debug',
    counter: {
      name: 'fullmakt_sidecar_cache_total',
      help: 'Token requests by what the cache had.',
      labels: ['path', 'provider', 'result'],
    },
  },
  'sidecar.upstream': {
    level: 'debug',
    histogram: {
      name: 'fullmakt_sidecar_upstream_seconds',
      help: 'Time of one attempt at a token endpoint.',
      field: 'seconds',
      labels: ['provider', 'outcome'],
    },
  },
  'sidecar.refused_by_policy': {
    level: 'warn',
    counter: {
      name: 'fullmakt_sidecar_policy_refusals_total',
      help: 'Tokens a provider refused because no access policy allows them.',
      labels: ['provider'],
    },
  },
  'sidecar.request_failed': { level: 'warn' },
  'sidecar.turned_away': {
    level: 'warn',
    counter: {
      name: 'fullmakt_sidecar_turned_away_total',
      help: 'Requests refused at the front door.',
      labels: ['rule'],
    },
  },
  'sidecar.keys': {
    level: 'info',
    counter: {
      name: 'fullmakt_sidecar_jwks_total',
      help: 'Fetches of key sets by outcome.',
      labels: ['provider', 'outcome'],
    },
  },
  'sidecar.local_providers_allowed': { level: 'warn' },
  'sidecar.audience_unchecked': { level: 'info' },
  'sidecar.bug': { level: 'error' },
};
