import { json } from '../../web/http.ts';
import type { Handle, HttpRequest, HttpResponse } from '../../web/http.ts';

/** Requests that are answered at one time; each may hold a body and wait for a provider. */
const MAX_IN_FLIGHT = 1000;

/** Answers 503 with `Retry-After` at once while `most` requests are being answered (sidecar-sdk.md 3.6). */
export function limitInFlight(
  handle: (request: HttpRequest) => Promise<HttpResponse>,
  most: number = MAX_IN_FLIGHT,
): Handle {
  let running = 0;
  const over = (): void => {
    running -= 1;
  };
  return (request) => {
    if (running >= most) {
      const body = { error: 'server_error', error_description: 'too many requests at once' };
      return json(503, body, { 'Retry-After': '1' });
    }
    running += 1;
    const answering = handle(request);
    // Beside the way of the answer, which is not longer by this.
    answering.then(over, over);
    return answering;
  };
}
