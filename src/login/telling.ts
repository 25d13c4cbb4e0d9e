/** Which events have to be on record before what they tell of takes effect. */
import { AuditUnavailable } from '../observe/audit.ts';
import type { Emit } from '../observe/events.ts';
import type { LoginEvent } from './events.ts';

/** What lets somebody in; everything else refuses, ends or reports, and happens whether or not it can be recorded. */
const GRANTS: ReadonlySet<LoginEvent['event']> = new Set(['login.started', 'login.succeeded']);

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
