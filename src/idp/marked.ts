import { StoreUnavailable } from '../store/errors.ts';
import type { HttpResponse } from '../web/http.ts';
import { BodyTooLarge, empty, json } from '../web/http.ts';
import { BodyAborted } from '../web/read-whole.ts';
import type { ListenerSpec } from '../web/serve.ts';
import type { Realm } from './persona.ts';
import { noteRequest } from './request-note.ts';

/** A listener whose every answer says that it is a local stand-in (`X-Fullmakt-Local`), failures included. */
export function markedListener(realm: Realm, spec: Omit<ListenerSpec, 'onError'>): ListenerSpec {
  const persona = realm.persona.name;
  const own = { 'X-Fullmakt-Local': persona };
  const mark = (response: HttpResponse): HttpResponse => ({
    ...response,
    headers: { ...response.headers, ...own },
  });
  return {
    ...spec,
    ownHeaders: own,
    handle: async (request) => {
      const response = await spec.handle(request);
      await noteRequest(realm, request, response.status);
      return mark(response);
    },
    onError: (error, request) => {
      const response = answerFailure(realm, error);
      void noteRequest(realm, request, response.status);
      return mark(response);
    },
  };
}

function answerFailure(realm: Realm, error: unknown): HttpResponse {
  if (error instanceof BodyTooLarge) return { status: 413, headers: { Connection: 'close' } };
  if (error instanceof BodyAborted) return empty(400);
  const cause = error instanceof Error ? (error.stack ?? error.message) : 'unknown';
  realm.emit({ event: 'idp.failed', persona: realm.persona.name, cause });
  if (error instanceof StoreUnavailable) return json(503, { error: 'temporarily_unavailable' });
  return json(500, { error: 'server_error' });
}
