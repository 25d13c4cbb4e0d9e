/** Sessions that another program keeps: read, never refreshed. */
import type { Refresher } from '../context.ts';

/** A refresher for whoever may not write: every session stays as it is until its keeper refreshes it. */
export function createNoRefresher(): Refresher {
  return { refresh: (session) => Promise.resolve({ kind: 'session', session }) };
}
