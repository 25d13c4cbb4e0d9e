/** The route table under `/oauth2` of every ingress, and nothing else. */
import type { HttpResponse } from '../web/http.ts';
import { finishLogin } from './attempt/callback.ts';
import type { LoginContext, OwnRequest } from './context.ts';
import { logOutBackChannel } from './logout/backchannel-logout.ts';
import { logOutFrontChannel } from './logout/frontchannel-logout.ts';
import { logOutLocally } from './logout/local-logout.ts';
import { finishLogout, logOut } from './logout/logout.ts';
import { describeSession, refreshSession } from './session/info.ts';
import { startLogin } from './attempt/start.ts';
import { ownAnswerHeaders } from '../web/secure-headers.ts';

/** One of our routes. */
export interface OwnRoute {
  readonly methods: readonly string[];
  /** Whether every further provider has it too, below its own name: what is said there is said by that provider. */
  readonly ofEachProvider?: true;
  /** Methods with which pages of allowed origins may read the answers; none where only people and providers come. */
  readonly cors?: string;
  readonly handle: (context: LoginContext, request: OwnRequest) => HttpResponse | Promise<HttpResponse>;
}

function pong(): HttpResponse {
  return { status: 200, headers: { ...ownAnswerHeaders(), 'Content-Type': 'text/plain; charset=utf-8' }, body: 'pong' };
}

/** All routes by their path below `/oauth2/`. */
export const OWN_ROUTES: ReadonlyMap<string, OwnRoute> = new Map<string, OwnRoute>([
  ['login', { methods: ['GET', 'HEAD'], cors: 'GET, HEAD', handle: startLogin }],
  ['callback', { methods: ['GET'], ofEachProvider: true, handle: finishLogin }],
  ['logout', { methods: ['GET', 'HEAD', 'POST'], cors: 'GET, HEAD', handle: logOut }],
  ['logout/callback', { methods: ['GET'], handle: finishLogout }],
  ['logout/local', { methods: ['GET', 'HEAD', 'POST'], handle: logOutLocally }],
  ['logout/frontchannel', { methods: ['GET'], ofEachProvider: true, handle: logOutFrontChannel }],
  ['logout/backchannel', { methods: ['POST'], ofEachProvider: true, handle: logOutBackChannel }],
  ['session', { methods: ['GET'], cors: 'GET, POST', handle: describeSession }],
  ['session/refresh', { methods: ['POST', 'GET'], cors: 'GET, POST', handle: refreshSession }],
  ['ping', { methods: ['GET'], handle: pong }],
]);

/** The route of a path below `/oauth2/`, and whose it is: the bare one is the default provider's. */
export function findOwnRoute(
  context: LoginContext,
  path: string,
): { readonly route: OwnRoute; readonly at: LoginContext } | undefined {
  const exact = OWN_ROUTES.get(path);
  if (exact !== undefined) return { route: exact, at: context.siblings.first };
  const cut = path.lastIndexOf('/');
  const route = OWN_ROUTES.get(path.slice(0, Math.max(0, cut)));
  const at = context.siblings.named(path.slice(cut + 1));
  if (route?.ofEachProvider !== true || at === undefined || at.provider.isDefault) return undefined;
  return { route, at };
}
