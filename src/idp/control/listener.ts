import { BodyTooLarge } from '../../web/http.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { BodyAborted } from '../../web/read-whole.ts';
import { createRouter } from '../../web/router.ts';
import type { Route } from '../../web/router.ts';
import type { ListenerSpec } from '../../web/serve.ts';
import type { Service, Stage } from '../stage.ts';
import { checkAccess, openControlToken } from './access.ts';
import { authorizationRoutes } from './authorizations.ts';
import { clientRoutes } from './clients.ts';
import { clockRoutes } from './clock.ts';
import { answer } from './context.ts';
import type { ControlContext } from './context.ts';
import { faultRoutes } from './faults.ts';
import { issuedRoutes } from './issued.ts';
import { keyRoutes } from './keys.ts';
import { mintRoutes } from './mint.ts';
import { peopleRoutes } from './people.ts';
import { ControlProblem } from './problem.ts';
import { requestRoutes } from './requests.ts';
import { resetRoutes } from './reset.ts';
import { sessionRoutes } from './sessions.ts';
import { statusRoutes } from './status.ts';

const OWN_HEADERS = { 'X-Fullmakt-Local': 'control' };

/** Where tests, commands and the console change what runs here. It listens on this machine only. */
export async function openControl(stage: Stage, services: readonly Service[]): Promise<ListenerSpec> {
  const token = await openControlToken(stage.config.stateDir);
  const run = createRouter(controlRoutes({ stage, services }));
  const { host, port } = stage.config.controlBind;
  return {
    name: 'Control API',
    setting: 'FULLMAKT_IDP_CONTROL_BIND',
    host,
    port,
    ownHeaders: OWN_HEADERS,
    handle: async (request) => {
      checkAccess(request, token());
      return explained(await run(request));
    },
    onError: (error, request) => refused(stage, error, request),
  };
}

/** Paths with a fixed word come before those where a persona's name stands. */
function controlRoutes(context: ControlContext): readonly Route[] {
  return [
    ...statusRoutes(context),
    ...peopleRoutes(context),
    ...clockRoutes(context),
    ...faultRoutes(context),
    ...issuedRoutes(context),
    ...requestRoutes(context),
    ...resetRoutes(context),
    ...authorizationRoutes(context),
    ...clientRoutes(context),
    ...keyRoutes(context),
    ...mintRoutes(context),
    ...sessionRoutes(context),
  ];
}

/** The router refuses without words; here every refusal has some. */
function explained(response: HttpResponse): HttpResponse {
  if (response.body !== undefined || response.status < 400) return { ...response, headers: own(response) };
  const body =
    response.status === 405
      ? { error: 'method_not_allowed', message: 'the path exists, but not with this method' }
      : { error: 'not_found', message: 'no such path' };
  const worded = answer(response.status, body);
  return { ...worded, headers: { ...own(response), ...worded.headers } };
}

function own(response: HttpResponse): NonNullable<HttpResponse['headers']> {
  return { ...response.headers, ...OWN_HEADERS };
}

function refused(stage: Stage, error: unknown, request: HttpRequest): HttpResponse {
  if (error instanceof ControlProblem) {
    const { path, message } = error;
    return tell(error.status, { error: error.error, message, ...(path === undefined ? {} : { path }) });
  }
  if (error instanceof BodyTooLarge) return tell(413, { error: 'too_large', message: 'the body is too long' });
  if (error instanceof BodyAborted) return tell(400, { error: 'invalid_request', message: 'the body is not whole' });
  const cause = error instanceof Error ? (error.stack ?? error.message) : 'unknown';
  stage.emit({ event: 'idp.failed', persona: 'control', cause: `${request.method} ${cause}` });
  return tell(500, { error: 'server_error', message: 'the log tells why' });
}

function tell(status: number, body: object): HttpResponse {
  const response = answer(status, body);
  return { ...response, headers: own(response) };
}
