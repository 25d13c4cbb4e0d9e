import type { LegacyFigure } from '../compat/compat-figures.ts';
import type { Situation } from '../errors.ts';

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
  | { readonly event: 'exchange.issuer_bind_any'; readonly issuer: string; readonly here: 1 }
  | { readonly event: 'exchange.issuer_bind_any_over'; readonly issuer: string; readonly here: 0 }
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
