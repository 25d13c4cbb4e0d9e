import type { EventTable } from '../observe/events.ts';
import { figures } from './figures.ts';

/** What the sidecar tells. Paths are those of its endpoints, providers their canonical names: strangers make no labels. */
export type SidecarEvent =
  | {
      readonly event: 'sidecar.request';
      readonly path: string;
      /** Empty where the request named none that is known. */
      readonly provider: string;
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
  | { readonly event: 'sidecar.refresh'; readonly provider: string; readonly outcome: string }
  | { readonly event: 'sidecar.stale'; readonly provider: string }
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
  | {
      readonly event: 'sidecar.user_token_refused';
      readonly provider: string;
      readonly reason: string;
      readonly cid: string;
    }
  | { readonly event: 'sidecar.turned_away'; readonly rule: string; readonly cid: string }
  | {
      readonly event: 'sidecar.keys';
      readonly provider: string;
      readonly issuer: string;
      readonly reason: string;
      readonly outcome: 'success' | 'failure';
      /** Why it failed. */
      readonly fault?: string;
    }
  | { readonly event: 'sidecar.keys_suppressed'; readonly issuer: string; readonly reason: string }
  | { readonly event: 'sidecar.key_skipped'; readonly provider: string; readonly reason: string }
  | { readonly event: 'sidecar.clock_skew'; readonly provider: string; readonly skewSeconds: number }
  | { readonly event: 'sidecar.reload'; readonly outcome: string; readonly problems?: string }
  | {
      readonly event: 'sidecar.app';
      readonly app: string;
      readonly outcome: 'opened' | 'closed' | 'refused';
      readonly problems?: string;
    }
  | { readonly event: 'sidecar.local_providers_allowed'; readonly hosts: string }
  | { readonly event: 'sidecar.audience_unchecked'; readonly provider: string }
  | { readonly event: 'sidecar.bug'; readonly error: unknown; readonly cid: string }
  | SidecarState;

/** How things stand; told when somebody reads the metrics. */
type SidecarState =
  | {
      readonly event: 'sidecar.cache_size';
      readonly cache: 'token' | 'introspection';
      readonly entries: number;
      readonly bytes: number;
    }
  | {
      readonly event: 'sidecar.provider_state';
      readonly provider: string;
      readonly open: 0 | 1;
      readonly skewSeconds?: number;
    }
  | {
      readonly event: 'sidecar.keys_state';
      readonly issuer: string;
      readonly count: number;
      readonly ageSeconds?: number;
    };

/** What becomes of each event (sidecar-sdk.md 3.9). */
export const sidecarEvents: EventTable<SidecarEvent> = {
  'sidecar.request': { level: 'debug', ...figures.request },
  'sidecar.cache': { level: 'debug', ...figures.cache },
  'sidecar.upstream': { level: 'debug', ...figures.upstream },
  'sidecar.refresh': { level: 'debug', ...figures.refresh },
  'sidecar.stale': { level: 'warn' },
  'sidecar.refused_by_policy': { level: 'warn', ...figures.refusedByPolicy },
  'sidecar.request_failed': { level: 'warn' },
  'sidecar.user_token_refused': { level: 'info' },
  'sidecar.turned_away': { level: 'warn', ...figures.turnedAway },
  'sidecar.keys': { level: 'info', levels: { field: 'outcome', of: { failure: 'warn' } }, ...figures.keys },
  'sidecar.keys_suppressed': { level: 'debug', ...figures.keysSuppressed },
  'sidecar.key_skipped': { level: 'warn' },
  'sidecar.clock_skew': { level: 'warn' },
  'sidecar.reload': { level: 'info', ...figures.reload },
  'sidecar.app': { level: 'info', levels: { field: 'outcome', of: { refused: 'warn' } } },
  'sidecar.local_providers_allowed': { level: 'warn' },
  'sidecar.audience_unchecked': { level: 'info' },
  'sidecar.bug': { level: 'error' },
  'sidecar.cache_size': { level: 'debug', ...figures.cacheSize },
  'sidecar.provider_state': { level: 'debug', ...figures.providerState },
  'sidecar.keys_state': { level: 'debug', ...figures.keysState },
};
