import type { EventTable } from '../../observe/events.ts';
import { legacyFiguresOff } from '../compat/compat-figures.ts';
import type { ExchangeEvent } from './events.ts';

const requests = {
  name: 'fullmakt_exchange_requests_total',
  help: 'Requests to the token endpoint by outcome.',
  labels: ['grant', 'outcome', 'reason'],
};

const bindAny = {
  name: 'fullmakt_exchange_issuer_bind_any',
  help: '1 for an issuer whose tokens are taken whoever they were issued to.',
  field: 'here',
  labels: ['issuer'],
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
  'exchange.issuer_bind_any': { level: 'warn', gauge: bindAny },
  'exchange.issuer_bind_any_over': { level: 'info', gauge: bindAny },
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
