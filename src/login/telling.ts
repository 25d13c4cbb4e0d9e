/** Which events have to be on record before what they tell of takes effect, and which are not told every time. */
import { AuditUnavailable } from '../observe/audit.ts';
import type { Clock } from '../oauth/time.ts';
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

/** An event that is told so often within so many seconds. */
interface Seldom {
  readonly most: number;
  readonly seconds: number;
}

/** While something is away every request finds it away. Figures count them all. */
const OUTAGE: Seldom = { most: 1, seconds: 10 };
/** What anybody can bring about without a session, as often as they like. */
const BY_ANYBODY: Seldom = { most: 100, seconds: 60 };
/** Kinds of outages and denials that are told apart. */
const MAX_KINDS = 100;

const SELDOM = {
  'store.unavailable': OUTAGE,
  'provider.unavailable': OUTAGE,
  'upstream.unavailable': OUTAGE,
  'access.denied': BY_ANYBODY,
  'logout.refused': BY_ANYBODY,
  'tunnel.refused': OUTAGE,
} as const satisfies Partial<Record<LoginEvent['event'], Seldom>>;

type SeldomEvent = Extract<LoginEvent, { readonly event: keyof typeof SELDOM }>;

function isSeldom(event: LoginEvent): event is SeldomEvent {
  return Object.hasOwn(SELDOM, event.event);
}

/** What makes two events say the same. */
function kindOf(event: SeldomEvent): string {
  if (event.event === 'store.unavailable' || event.event === 'tunnel.refused') return `${event.event} ${event.reason}`;
  if (event.event === 'provider.unavailable') return `${event.event} ${event.provider} ${event.reason}`;
  if (event.event === 'upstream.unavailable') return `${event.event} ${event.upstream} ${event.reason}`;
  return event.event === 'access.denied' ? `${event.event} ${event.decision}` : event.event;
}

/** An emitter that leaves out what says the same again and again; the next one that is told says how many were. */
export function tellSeldom(emit: Emit<LoginEvent>, now: Clock): Emit<LoginEvent> {
  const kinds = new Map<string, { since: number; told: number; leftOut: number }>();
  return (event) => {
    if (!isSeldom(event)) return emit(event);
    const { most, seconds } = SELDOM[event.event];
    const own = kindOf(event);
    const kind = kinds.has(own) || kinds.size < MAX_KINDS ? own : event.event;
    const state = kinds.get(kind) ?? { since: now(), told: 0, leftOut: 0 };
    kinds.set(kind, state);
    if (Math.abs(now() - state.since) >= seconds) Object.assign(state, { since: now(), told: 0 });
    if (state.told >= most) {
      state.leftOut += 1;
      return;
    }
    state.told += 1;
    const left_out = state.leftOut;
    state.leftOut = 0;
    emit(left_out === 0 ? event : { ...event, left_out });
  };
}
