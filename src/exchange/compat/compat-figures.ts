import type { EventRule, EventTable } from '../../observe/events.ts';

/** What is told for the dashboards of a tokendings server, under `compat` alone. */
export type LegacyFigure =
  | { readonly event: 'exchange.legacy_issued'; readonly client_id: string; readonly audience: string }
  | { readonly event: 'exchange.legacy_issued_plain'; readonly client_id: string; readonly audience: string }
  | { readonly event: 'exchange.legacy_error'; readonly code: string }
  | { readonly event: 'exchange.legacy_error_plain'; readonly code: string }
  | { readonly event: 'exchange.legacy_query'; readonly query: string; readonly seconds: number }
  | {
      readonly event: 'exchange.legacy_request';
      readonly method: string;
      readonly route: string;
      readonly status: number;
      readonly seconds: number;
    };

const issued = { help: 'Tokens by caller and target.', labels: ['client_id', 'audience'] };
const errors = { help: 'Refusals by their code.', labels: ['code'] };

/** The figures under the names that dashboards and alarms for a tokendings server know. */
export const legacyFigures: EventTable<LegacyFigure> = {
  'exchange.legacy_issued': counts({ name: 'tokendings_tokens_issued_total', ...issued }),
  'exchange.legacy_issued_plain': counts({ name: 'tokendings_tokens_issued', ...issued }),
  'exchange.legacy_error': counts({ name: 'tokendings_oauth2_errors_total', ...errors }),
  'exchange.legacy_error_plain': counts({ name: 'tokendings_oauth2_errors', ...errors }),
  'exchange.legacy_query': {
    level: 'debug',
    histogram: {
      name: 'tokendings_db_query_latency_histogram',
      help: 'Time of a question to a store.',
      field: 'seconds',
      labels: ['query'],
    },
  },
  'exchange.legacy_request': {
    level: 'debug',
    histogram: {
      name: 'ktor_http_server_requests_seconds',
      help: 'Time to answer a request.',
      field: 'seconds',
      labels: ['method', 'route', 'status'],
    },
  },
};

/** Without `compat` none of them is told, and none of the names is there. */
export const legacyFiguresOff: EventTable<LegacyFigure> = {
  'exchange.legacy_issued': { level: 'debug' },
  'exchange.legacy_issued_plain': { level: 'debug' },
  'exchange.legacy_error': { level: 'debug' },
  'exchange.legacy_error_plain': { level: 'debug' },
  'exchange.legacy_query': { level: 'debug' },
  'exchange.legacy_request': { level: 'debug' },
};

function counts(counter: NonNullable<EventRule['counter']>): EventRule {
  return { level: 'debug', counter };
}
