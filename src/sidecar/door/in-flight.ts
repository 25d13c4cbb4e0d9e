import { json } from '../../web/http.ts';
import type { Handle } from '../../web/http.ts';

/** Requests that are answered at one time; each may hold a body and wait for a provider. */
const MAX_IN_FLIGHT = 1000;

/** Answers 503 with `Retry-After` at once while `most` requests are being answered (sidecar-sdk.md 3.6). */
export function limitInFlight(handle: Handle, most: number = MAX_IN_FLIGHT): Handle {
  let running = 0;
  return async (request) => {
    if (running >= most) {
      const body = { error: 'server_error', error_description: 'too many requests at once' };
      return json(503, body, { 'Retry-After': '1' });
    }
    running += 1;
    try {
      return await handle(request);
    } finally {
      running -= 1;
    }
  };
}
