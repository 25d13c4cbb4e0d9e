/** The answer to a check: go on and as whom, sign in first, or not now. */
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { emptyAnswer } from '../answers.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import type { Ingress } from '../ingress.ts';
import { ingressesOfHost } from '../ingress.ts';
import type { Decision } from '../proxy/decide.ts';
import { answerInstead, judgeRequest } from '../proxy/judge.ts';
import type { CanonicalPath } from '../proxy/path.ts';
import type { CheckStyle } from './target.ts';

/** A request that an outer proxy asks about. */
export interface CheckedRequest extends OwnRequest {
  readonly path: CanonicalPath;
  /** Login is demanded whatever the rule says: nobody we believe named the request. */
  readonly enforced: boolean;
}

/** How the outer proxy asked, and the ingress whose route it asked at. */
interface Asker {
  readonly style: CheckStyle;
  readonly ingress: Ingress;
}

/** The tokens that go on with the request, as far as the setting lets them. */
function identityHeaders(
  { config }: LoginContext,
  { http }: OwnRequest,
  { identity }: Decision,
): Record<string, string> {
  const { headers } = config.forwardAuth;
  const withAccess = headers === 'access-token' || headers === 'both';
  const withId = headers === 'id-token' || headers === 'both';
  if (identity.kind === 'session') {
    const { accessToken, idToken } = identity.session.record;
    return {
      ...(withAccess ? { Authorization: `Bearer ${accessToken}` } : {}),
      ...(withId ? { 'X-Wonderwall-Forward-Auth-Token': idToken } : {}),
    };
  }
  const inbound = identity.kind === 'inbound' && withAccess ? http.headers.authorization : undefined;
  return inbound === undefined ? {} : { Authorization: inbound };
}

/**
 * The way to login as the outer proxy needs it: absolute, with an absolute way back. A host of the domain has no routes of
 * ours; its people sign in at the ingress whose route was asked.
 */
function absolute({ config }: LoginContext, location: string, { ingress }: OwnRequest, asker: Asker): string {
  const isOurs = ingressesOfHost(config.ingresses, ingress.host).length > 0;
  const url = new URL(location, isOurs ? ingress.origin : asker.ingress.origin);
  const back = url.searchParams.get('redirect');
  if (back?.startsWith('/') === true) url.searchParams.set('redirect', ingress.origin + back);
  return url.href;
}

function denied(context: LoginContext, answer: HttpResponse, request: OwnRequest, asker: Asker): HttpResponse {
  const location = answer.headers?.['Location'];
  if (typeof location !== 'string') return answer;
  const headers = { ...answer.headers, Location: absolute(context, location, request, asker) };
  // These outer proxies understand 401 alone, and redirect by themselves.
  const status = asker.style === 'plain' && answer.status === 302 ? 401 : answer.status;
  return { ...answer, status, headers };
}

/** Whether the request in question is a WebSocket handshake: outer proxies ask without its `Upgrade`, or without all but that. */
function isHandshake({ method, headers }: HttpRequest): boolean {
  if (method !== 'GET') return false;
  return (
    headers['sec-websocket-key'] !== undefined ||
    headers['sec-websocket-version'] !== undefined ||
    headers['sec-fetch-mode'] === 'websocket' ||
    headers.upgrade?.toLowerCase().includes('websocket') === true
  );
}

/** Answers a check: 204 (200 for Envoy), 401, 302 where it is asked for, 403, or 503. */
export async function answerCheck(context: LoginContext, request: CheckedRequest, asker: Asker): Promise<HttpResponse> {
  const verdict = await judgeRequest(context, { ...request, upgrade: isHandshake(request.http) });
  if (verdict.kind !== 'forward') return denied(context, answerInstead(context, request, verdict), request, asker);
  return emptyAnswer(asker.style === 'envoy' ? 200 : 204, identityHeaders(context, request, verdict.decision));
}
