import { randomUUID } from 'node:crypto';
import type { ErrorContext, Fault } from '../engine/refusal.ts';
import { ENTRA_DESCRIPTION_SEPARATOR } from '../unconfirmed.ts';

const FALLBACK = '9002313';

/** The whole error object of Entra ID. `origin` is that of its login service. */
export function entraErrorBody(origin: string, fault: Fault, context: ErrorContext): Readonly<Record<string, unknown>> {
  const code = fault.code ?? FALLBACK;
  const tail = {
    trace: randomUUID(),
    correlation: context.correlationId ?? randomUUID(),
    time: timestamp(context.now),
  };
  return {
    error: fault.error,
    error_description: describe(code, fault.text, tail),
    error_codes: [Number(code)],
    timestamp: tail.time,
    trace_id: tail.trace,
    correlation_id: tail.correlation,
    error_uri: `${origin}/error?code=${code}`,
    ...(fault.suberror === undefined ? {} : { suberror: fault.suberror }),
    ...(fault.claims === undefined ? {} : { claims: fault.claims }),
  };
}

/** The parameters of an error answer by redirect. */
export function entraErrorParameters(
  origin: string,
  fault: Fault,
  context: ErrorContext,
): Readonly<Record<string, string>> {
  const body = entraErrorBody(origin, fault, context);
  // At the authorization endpoint missing consent is its own error (OpenID Connect Core 3.1.2.6).
  const error = fault.suberror === 'consent_required' ? fault.suberror : fault.error;
  return { error, error_description: String(body['error_description']), error_uri: String(body['error_uri']) };
}

/** `AADSTS` and the number, as pages show it. */
export function entraPageCode(fault: Fault): string {
  return `AADSTS${fault.code ?? FALLBACK}`;
}

function describe(code: string, text: string, tail: { trace: string; correlation: string; time: string }): string {
  return [
    `AADSTS${code}: ${text}`,
    `Trace ID: ${tail.trace}`,
    `Correlation ID: ${tail.correlation}`,
    `Timestamp: ${tail.time}`,
  ].join(ENTRA_DESCRIPTION_SEPARATOR);
}

/** `2026-01-01 00:00:00Z`. */
function timestamp(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString().replace('T', ' ').replace('.000', '');
}
