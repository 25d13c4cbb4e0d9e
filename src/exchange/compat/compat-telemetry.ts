import type { Emit, EventTable } from '../../observe/events.ts';
import type { HttpResponse } from '../../web/http.ts';
import type { Route } from '../../web/router.ts';
import { legacyFigures } from './compat-figures.ts';
import type { ExchangeConfig } from '../config.ts';
import { exchangeEvents } from '../record/event-table.ts';
import type { ExchangeEvent } from '../record/events.ts';

/** What becomes of the events of a server with this configuration: under `compat` a tokendings server's figures are there too. */
export function exchangeEventsFor({ compat }: Pick<ExchangeConfig, 'compat'>): EventTable<ExchangeEvent> {
  return compat === 'none' ? exchangeEvents : { ...exchangeEvents, ...legacyFigures };
}

/** Tells under `compat` also what the figures of a tokendings server are made of. */
export function tellingLegacy(
  emit: Emit<ExchangeEvent>,
  { compat }: Pick<ExchangeConfig, 'compat'>,
): Emit<ExchangeEvent> {
  if (compat === 'none') return emit;
  return (event) => {
    emit(event);
    if (event.event === 'exchange.edge') {
      const { client_id, audience } = event;
      emit({ event: 'exchange.legacy_issued', client_id, audience });
      emit({ event: 'exchange.legacy_issued_plain', client_id, audience });
    }
    // The one question of an exchange to a store.
    if (event.event === 'exchange.replay') {
      emit({ event: 'exchange.legacy_query', query: 'claimAssertion', seconds: event.seconds });
    }
  };
}

/** The same routes; under `compat` each answer is measured as a tokendings server measures it, refusals with their code. */
export function measured(
  routes: readonly Route[],
  emit: Emit<ExchangeEvent>,
  { compat }: Pick<ExchangeConfig, 'compat'>,
): readonly Route[] {
  return compat === 'none' ? routes : routes.map((route) => measuredRoute(route, emit));
}

function measuredRoute({ method, path, handle }: Route, emit: Emit<ExchangeEvent>): Route {
  const route = path.replaceAll(/:(\w+)/g, '{$1}');
  return {
    method,
    path,
    async handle(request, params) {
      const startedAt = performance.now();
      const response = await handle(request, params);
      const seconds = (performance.now() - startedAt) / 1000;
      emit({ event: 'exchange.legacy_request', method: request.method, route, status: response.status, seconds });
      const code = response.status >= 400 ? errorCode(response) : undefined;
      if (code !== undefined) {
        emit({ event: 'exchange.legacy_error', code });
        emit({ event: 'exchange.legacy_error_plain', code });
      }
      return response;
    },
  };
}

/** `error` of an answer that we made ourselves. */
function errorCode({ body, headers }: HttpResponse): string | undefined {
  if (typeof body !== 'string' || headers?.['Content-Type'] !== 'application/json') return undefined;
  const parsed: { readonly error?: unknown } = JSON.parse(body);
  return typeof parsed.error === 'string' ? parsed.error : undefined;
}
