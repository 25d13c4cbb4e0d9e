import { errorResponse, OAuthError } from '../../oauth/errors.ts';
import type { Emit } from '../../observe/events.ts';
import { BodyTooLarge, json } from '../../web/http.ts';
import type { Handle, HttpRequest, HttpResponse } from '../../web/http.ts';
import { BodyAborted } from '../../web/read-whole.ts';
import type { SidecarEvent } from '../events.ts';
import { providerOf } from '../wire/about.ts';
import { badRequest, forbidden, JSON_NO_STORE, NO_STORE } from '../wire/answers.ts';
import { Undecodable } from '../wire/fields.ts';
import { brokenRule } from './front-door.ts';
import type { FrontDoor } from './front-door.ts';
import type { InFlight } from './in-flight.ts';
import { tooManyAtOnce } from './in-flight.ts';

/** What stands before the endpoints of a listener. */
export interface Before {
  readonly door: FrontDoor;
  readonly inFlight: InFlight;
  /** Paths nobody serves share a label: strangers may not make labels. */
  readonly label: (path: string) => string;
  readonly emit: Emit<SidecarEvent>;
}

/**
 * All that is done around an endpoint, in one function, as each that is waited for costs as much as a step of it: no more requests than
 * there is room for, the front door before everything, 400 for what cannot be decoded and a 500 without detail for a bug, no-store on
 * every answer, and one event for each.
 */
export function answered(endpoints: Handle, before: Before): (request: HttpRequest) => Promise<HttpResponse> {
  const { inFlight, emit } = before;
  return async (request) => {
    const started = performance.now();
    if (!inFlight.enter()) return told({ request, started }, tooManyAtOnce(), before);
    let response: HttpResponse;
    try {
      response = turnedAway(request, before) ?? (await endpoints(request));
    } catch (error) {
      response = failed(error, request, emit);
    } finally {
      inFlight.leave();
    }
    return told({ request, started }, response, before);
  };
}

function turnedAway(request: HttpRequest, { door, emit }: Before): HttpResponse | undefined {
  const rule = brokenRule(request, door);
  if (rule === undefined) return undefined;
  emit({ event: 'sidecar.turned_away', rule, cid: request.correlationId });
  return forbidden(`requests are refused by the rule on ${rule}`);
}

function failed(error: unknown, { correlationId: cid }: HttpRequest, emit: Emit<SidecarEvent>): HttpResponse {
  if (error instanceof Undecodable) return badRequest(error.message);
  if (error instanceof BodyTooLarge) return badRequest('the body is larger than 64 KiB');
  if (error instanceof OAuthError) return errorResponse(error);
  // Nobody is left to answer, and it is no fault of ours.
  if (error instanceof BodyAborted) throw error;
  emit({ event: 'sidecar.bug', error, cid });
  return json(500, { error: 'server_error', error_description: 'this is a fault of the sidecar' });
}

function told(
  { request, started }: { readonly request: HttpRequest; readonly started: number },
  response: HttpResponse,
  { label, emit }: Before,
): HttpResponse {
  const seconds = (performance.now() - started) / 1000;
  const { status, headers } = response;
  const outcome = status < 400 ? 'success' : status < 500 ? 'refused' : 'failed';
  const [path, provider] = [label(request.path), providerOf(response)];
  emit({ event: 'sidecar.request', path, provider, outcome, status, seconds, cid: request.correlationId });
  return headers === JSON_NO_STORE ? response : { ...response, headers: { ...headers, ...NO_STORE } };
}
