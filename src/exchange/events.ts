import type { EventTable } from '../observe/events.ts';
import { legacyFiguresOff } from './compat-figures.ts';
import type { LegacyFigure } from './compat-figures.ts';
import type { Situation } from './errors.ts';

/** The audit record of one decision, taken before the answer leaves. Persons are pseudonyms, tokens their `jti`. */
export interface DecisionEvent {
  readonly event: 'exchange';
  readonly decision: 'allow' | 'deny';
  readonly outcome: 'issued' | 'answered' | 'refused' | 'unavailable' | 'failed';
  readonly reason: Situation | 'issued' | Answered;
  readonly grant: string;
  /** Milliseconds the decision took. */
  readonly ms: number;
  /** Registry version the decision was made on. */
  readonly version: number;
  /** Correlation id, trace and address of the request. */
  readonly cid: string;
  readonly trace?: string;
  readonly src: string;
  /** Who the assertion said it was; the caller once that was proven. */
  readonly claimed_client?: string;
  readonly caller?: string;
  readonly method?: string;
  readonly key?: string;
  readonly target?: string;
  /** The rules that allowed it: the target, and the place in its list of inbound rules. */
  readonly rules?: readonly string[];
  readonly issuer?: string;
  readonly subject?: string;
  readonly sid?: string;
  readonly jtiIn?: string;
  readonly jtiOut?: string;
  readonly scopes?: readonly string[];
  readonly act?: readonly string[];
  readonly kid?: string;
  /** The manifest change that would have allowed it. */
  readonly fix?: string;
  /** What the caller was told. */
  readonly description?: string;
  /** What only we may know. */
  readonly cause?: unknown;
}

/** What became of a question about a token. */
export type Answered = 'active' | 'inactive' | 'revoked' | 'not-revoked';

/** What the exchange server tells. */
export type ExchangeEvent =
  | DecisionEvent
  | {
      readonly event: 'exchange.turned_away';
      readonly grant: 'unread';
      readonly outcome: 'refused' | 'unavailable' | 'failed';
      readonly reason: Situation;
      readonly src: string;
      readonly cid: string;
      readonly trace?: string;
    }
  | {
      readonly event: 'exchange.turned_away_sum';
      readonly reason: Situation;
      readonly src: string;
      readonly count: number;
    }
  | {
      readonly event: 'exchange.operator_refused';
      readonly operator?: string;
      readonly right: string;
      readonly reason: string;
      readonly src: string;
      readonly cid: string;
    }
  | { readonly event: 'exchange.audit'; readonly ms: number }
  | {
      readonly event: 'exchange.administered';
      readonly operator: string;
      readonly action: string;
      /** What it was done to: an app id, a key id; never a session or a person. */
      readonly on?: string;
      readonly outcome: 'done' | 'refused' | 'unavailable' | 'failed';
      readonly reason: string;
      readonly src: string;
      readonly cid: string;
      readonly trace?: string;
    }
  | { readonly event: 'exchange.deny_list'; readonly entries: number }
  | { readonly event: 'exchange.deny_list_full'; readonly entries: number }
  | { readonly event: 'exchange.edge'; readonly client_id: string; readonly audience: string }
  | { readonly event: 'exchange.token_endpoint_audience'; readonly client_id: string }
  | { readonly event: 'exchange.ignored_parameters'; readonly count: number }
  | { readonly event: 'exchange.replay'; readonly result: 'fresh' | 'seen' | 'unavailable'; readonly seconds: number }
  | { readonly event: 'exchange.jwks'; readonly issuer: string; readonly result: 'fetched' | 'failed' }
  | { readonly event: 'exchange.jwks_age'; readonly issuer: string; readonly ageSeconds: number }
  | { readonly event: 'exchange.issuer_bind_any'; readonly issuer: string }
  | { readonly event: 'exchange.replay_off' }
  | { readonly event: 'exchange.http_issuer'; readonly issuer: string }
  | LegacyFigure
  | { readonly event: 'exchange.registry'; readonly version: number }
  | { readonly event: 'exchange.signing_key'; readonly kid: string; readonly alg: string; readonly state: string }
  | { readonly event: 'exchange.rotation_failed'; readonly cause: unknown }
  | { readonly event: 'exchange.rotation_waits'; readonly seconds: number }
  | {
      readonly event: 'exchange.key_revoked';
      readonly kid: string;
      readonly alg: string;
      readonly active: string;
      /** Processes that still publish it. */
      readonly unconfirmed: number;
    }
  | { readonly event: 'exchange.signing_key_age'; readonly alg: string; readonly ageSeconds: number }
  | { readonly event: 'exchange.key_state'; readonly kid: string; readonly state: string; readonly here: 0 | 1 }
  | { readonly event: 'exchange.registry_age'; readonly ageSeconds: number }
  | { readonly event: 'exchange.beat_failed'; readonly cause: unknown }
  | { readonly event: 'exchange.clock_apart'; readonly aheadSeconds: number };

const requests = {
  name: 'fullmakt_exchange_requests_total',
  help: 'Requests to the token endpoint by outcome.',
  labels: ['grant', 'outcome', 'reason'],
};

/** What becomes of each event. */
export const exchangeEvents: EventTable<ExchangeEvent> = {
  exchange: {
    level: 'info',
    levels: { field: 'outcome', of: { unavailable: 'warn', failed: 'error' } },
    audit: true,
    counter: requests,
    histogram: {
      name: 'fullmakt_exchange_duration_seconds',
      help: 'Time to decide a token request.',
      field: 'ms',
      unit: 'ms',
      labels: ['grant', 'outcome'],
    },
  },
  'exchange.turned_away': { level: 'debug', counter: requests },
  'exchange.turned_away_sum': { level: 'info', audit: true },
  'exchange.operator_refused': {
    level: 'warn',
    counter: {
      name: 'fullmakt_exchange_operator_refusals_total',
      help: 'Requests to administer that were turned away.',
      labels: ['right', 'reason'],
    },
  },
  'exchange.audit': {
    level: 'debug',
    histogram: {
      name: 'fullmakt_exchange_audit_seconds',
      help: 'Time until a decision is on record.',
      field: 'ms',
      unit: 'ms',
      labels: [],
    },
  },
  'exchange.administered': {
    level: 'info',
    audit: true,
    counter: {
      name: 'fullmakt_exchange_administrations_total',
      help: 'Requests of operators by action and outcome.',
      labels: ['action', 'outcome'],
    },
  },
  'exchange.deny_list': {
    level: 'debug',
    gauge: {
      name: 'fullmakt_exchange_deny_list_entries',
      help: 'Revocations that are remembered.',
      field: 'entries',
      labels: [],
    },
  },
  'exchange.deny_list_full': { level: 'error' },
  'exchange.edge': {
    level: 'debug',
    counter: {
      name: 'fullmakt_exchange_edge_tokens_total',
      help: 'Tokens by caller and target.',
      labels: ['client_id', 'audience'],
    },
  },
  'exchange.token_endpoint_audience': {
    level: 'debug',
    counter: {
      name: 'fullmakt_exchange_token_endpoint_aud_total',
      help: 'Client assertions that name the token endpoint instead of the issuer.',
      labels: ['client_id'],
    },
  },
  'exchange.ignored_parameters': {
    level: 'debug',
    counter: {
      name: 'fullmakt_exchange_ignored_parameters_total',
      help: 'Requests with parameters that mean nothing here.',
      labels: [],
    },
  },
  'exchange.replay': {
    level: 'debug',
    counter: {
      name: 'fullmakt_exchange_replay_total',
      help: 'Replay checks by result.',
      labels: ['result'],
    },
    histogram: {
      name: 'fullmakt_exchange_replay_seconds',
      help: 'Time of a replay check.',
      field: 'seconds',
      labels: [],
    },
  },
  'exchange.jwks': {
    level: 'info',
    counter: {
      name: 'fullmakt_exchange_jwks_fetch_total',
      help: 'Fetches of key sets of trusted issuers.',
      labels: ['issuer', 'result'],
    },
  },
  'exchange.jwks_age': {
    level: 'debug',
    gauge: {
      name: 'fullmakt_exchange_jwks_age_seconds',
      help: 'Age of the key sets of trusted issuers.',
      field: 'ageSeconds',
      labels: ['issuer'],
    },
  },
  'exchange.issuer_bind_any': { level: 'warn' },
  'exchange.replay_off': { level: 'warn' },
  'exchange.http_issuer': { level: 'warn' },
  ...legacyFiguresOff,
  'exchange.registry': {
    level: 'debug',
    gauge: {
      name: 'fullmakt_exchange_registry_version',
      help: 'Version of the registry in use.',
      field: 'version',
      labels: [],
    },
  },
  'exchange.signing_key': { level: 'info' },
  'exchange.rotation_failed': { level: 'error' },
  'exchange.rotation_waits': { level: 'warn' },
  'exchange.key_revoked': { level: 'warn', audit: true },
  'exchange.signing_key_age': {
    level: 'debug',
    gauge: {
      name: 'fullmakt_exchange_signing_key_age_seconds',
      help: 'How long the active keys have been signing.',
      field: 'ageSeconds',
      labels: ['alg'],
    },
  },
  'exchange.key_state': {
    level: 'debug',
    gauge: {
      name: 'fullmakt_exchange_key_state',
      help: '1 for the state a signing key is in.',
      field: 'here',
      labels: ['kid', 'state'],
    },
  },
  'exchange.registry_age': {
    level: 'debug',
    gauge: {
      name: 'fullmakt_exchange_registry_age_seconds',
      help: 'Since when the registry in use was not known to be the newest.',
      field: 'ageSeconds',
      labels: [],
    },
  },
  'exchange.beat_failed': { level: 'warn' },
  'exchange.clock_apart': { level: 'warn' },
};
