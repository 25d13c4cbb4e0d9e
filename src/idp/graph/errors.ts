import { randomUUID } from 'node:crypto';
import { json } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { correlationOf } from '../engine/correlation.ts';
import { GRAPH_ERROR_CODES } from '../unconfirmed.ts';

/** A refusal in Graph's words. */
export interface GraphFault {
  readonly status: number;
  readonly code: keyof typeof GRAPH_ERROR_CODES;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The whole error answer of Graph. `now` in seconds since the epoch. */
export function graphError(http: HttpRequest, fault: GraphFault, now: number): HttpResponse {
  const id = randomUUID();
  const clientId = correlationOf(http, undefined) ?? id;
  const innerError = {
    date: new Date(Math.floor(now) * 1000).toISOString().replace('.000Z', ''),
    'request-id': id,
    'client-request-id': clientId,
  };
  return json(
    fault.status,
    { error: { code: GRAPH_ERROR_CODES[fault.code], message: fault.message, innerError } },
    { 'Cache-Control': 'no-store', 'request-id': id, 'client-request-id': clientId, ...fault.headers },
  );
}
