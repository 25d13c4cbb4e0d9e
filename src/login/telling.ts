/** Which events have to be on record before what they tell of takes effect. */
import { AuditUnavailable } from '../observe/audit.ts';
import type { Emit } from '../observe/events.ts';
import type { LoginEvent } from './events.ts';

/** What lets somebody in; everything else refuses, ends or reports, and happens whether or not it can be recorded. */
const GRANTS: ReadonlySet<LoginEvent['event']> = new Set(['login.started', 'login.succeeded']);

/** What belongs to no provider by itself is told with the one whose client was asked for. */
const OF_ANY: ReadonlySet<LoginEvent['event']> = new Set(['access.denied', 'store.unavailable']);

/** An emitter that adds provider and client to the events that do not name one. */
export function tellWhose(
  emit: Emit<LoginEvent>,
  at: { readonly provider: string; readonly client_id: string },
): Emit<LoginEvent> {
  return (event) => emit(OF_ANY.has(event.event) ? { ...at, ...event } : event);
}

/** An emitter that throws AuditUnavailable for a login alone: no logout and no refusal fails because of its record. */
export function tellLeniently(emit: Emit<LoginEvent>): Emit<LoginEvent> {
  return (event) => {
    try {
      emit(event);
    } catch (error) {
      if (GRANTS.has(event.event) || !(error instanceof AuditUnavailable)) throw error;
    }
  };
}
