import { StoreUnavailable } from '../store/errors.ts';
import type { HttpResponse } from '../web/http.ts';
import { BodyTooLarge, empty, json } from '../web/http.ts';
import { BodyAborted } from '../web/request.ts';
import type { ListenerSpec } from '../web/serve.ts';
import type { Realm } from './persona.ts';

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
    handle: async (request) => mark(await spec.handle(request)),
    onError: (error) => {
      if (error instanceof BodyTooLarge) return mark({ status: 413, headers: { Connection: 'close' } });
      if (error instanceof BodyAborted) return mark(empty(400));
      const cause = error instanceof Error ? (error.stack ?? error.message) : 'unknown';
      realm.emit({ event: 'idp.failed', persona, cause });
      if (error instanceof StoreUnavailable) return mark(json(503, { error: 'temporarily_unavailable' }));
      return mark(json(500, { error: 'server_error' }));
    },
  };
}
