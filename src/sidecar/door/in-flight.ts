import { json } from '../../web/http.ts';
import type { HttpResponse } from '../../web/http.ts';

/** Requests that are answered at one time; each may hold a body and wait for a provider. */
const MAX_IN_FLIGHT = 1000;

/** Counts the requests that are being answered. */
export interface InFlight {
  /** Whether there was room for one more; then it leaves once it is answered. */
  enter(): boolean;
  leave(): void;
}

/** Room for `most` requests at one time (sidecar-sdk.md 3.6). */
export function createInFlight(most: number = MAX_IN_FLIGHT): InFlight {
  let running = 0;
  return {
    enter() {
      if (running >= most) return false;
      running += 1;
      return true;
    },
    leave() {
      running -= 1;
    },
  };
}

/** 503 with `Retry-After`: there was no room. */
export function tooManyAtOnce(): HttpResponse {
  return json(503, { error: 'server_error', error_description: 'too many requests at once' }, { 'Retry-After': '1' });
}
