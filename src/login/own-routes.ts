/** The route table under `/oauth2` of every ingress, and nothing else. */
import type { HttpResponse } from '../web/http.ts';
import { finishLogin } from './attempt/callback.ts';
import type { LoginContext, OwnRequest } from './context.ts';
import { logOutFrontChannel } from './logout/frontchannel-logout.ts';
import { logOutLocally } from './logout/local-logout.ts';
import { finishLogout, logOut } from './logout/logout.ts';
import { describeSession, refreshSession } from './session/info.ts';
import { startLogin } from './attempt/start.ts';
import { ownAnswerHeaders } from '../web/secure-headers.ts';

/** One of our routes. */
export interface OwnRoute {
  readonly methods: readonly string[];
  readonly handle: (context: LoginContext, request: OwnRequest) => HttpResponse | Promise<HttpResponse>;
}

function pong(): HttpResponse {
  return { status: 200, headers: { ...ownAnswerHeaders(), 'Content-Type': 'text/plain; charset=utf-8' }, body: 'pong' };
}

/** All routes by their path below `/oauth2/`. */
export const OWN_ROUTES: ReadonlyMap<string, OwnRoute> = new Map<string, OwnRoute>([
  ['login', { methods: ['GET', 'HEAD'], handle: startLogin }],
  ['callback', { methods: ['GET'], handle: finishLogin }],
  ['logout', { methods: ['GET', 'HEAD', 'POST'], handle: logOut }],
  ['logout/callback', { methods: ['GET'], handle: finishLogout }],
  ['logout/local', { methods: ['GET', 'HEAD', 'POST'], handle: logOutLocally }],
  ['logout/frontchannel', { methods: ['GET'], handle: logOutFrontChannel }],
  ['session', { methods: ['GET'], handle: describeSession }],
  ['session/refresh', { methods: ['POST', 'GET'], handle: refreshSession }],
  ['ping', { methods: ['GET'], handle: pong }],
]);
