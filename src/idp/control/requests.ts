import { redactFields } from '../../observe/redact.ts';
import { isJsonObject } from '../../oauth/objects.ts';
import type { Route } from '../../web/router.ts';
import type { NotedRequest } from '../journal.ts';
import { queryOf, route, serviceOf } from './context.ts';
import type { ControlContext } from './context.ts';

/** `GET /v1/requests`: the last requests, without any value a client sent but what its assertion says of itself. */
export function requestRoutes(context: ControlContext): readonly Route[] {
  return [
    route('GET', '/v1/requests', (request) => {
      const { persona, endpoint } = queryOf(request, ['persona', 'endpoint']);
      if (persona !== undefined) serviceOf(context, persona);
      const fits = (each: { readonly persona: string; readonly endpoint: string }): boolean =>
        (persona === undefined || each.persona === persona) && (endpoint === undefined || each.endpoint === endpoint);
      const { journal } = context.stage;
      return { requests: journal.requests().filter(fits).map(show), counters: journal.counters().filter(fits) };
    }),
  ];
}

function show({ assertion, ...request }: NotedRequest): unknown {
  if (assertion === undefined) return request;
  const [header, claims] = assertion.map(decode);
  return { ...request, assertion: { header, claims } };
}

/** What a part of a JWT says, without what names a person; undefined for what is none. */
function decode(part: string): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return isJsonObject(value) ? redactFields(value) : undefined;
  } catch {
    return undefined;
  }
}
