/** The way to the application: rule, session, decision, headers, upstream. There is no other way there. */
import type { Duplex } from 'node:stream';
import { forwardedFor } from '../../web/forwarded.ts';
import type { TrustedProxies } from '../../web/forwarded.ts';
import { headerValues } from '../../web/headers.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { empty } from '../../web/http.ts';
import { refuseUpgrade } from '../../web/respond.ts';
import type { ForwardOptions, Upstream } from '../../web/upstream.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import { isOwnCookie, sharedSession } from '../cookie-names.ts';
import type { Decision, SessionFinding, Verdict } from './decide.ts';
import { decide } from './decide.ts';
import { askToSignIn, sayUnavailable } from './denials.ts';
import { answerHeaders, areHeadersPlain, ownHeaders, strippedHeaders } from './headers.ts';
import type { CanonicalPath } from './path.ts';
import { ruleFor } from './rules.ts';
import { findSession } from '../session/finding.ts';

/** A request for the application: at an ingress, or at a service host where there are no sessions. */
export interface ProxiedRequest {
  readonly http: HttpRequest;
  readonly path: CanonicalPath;
  readonly ingress: OwnRequest['ingress'] | undefined;
}

/** The proxy's fixed parts. */
export interface ProxyParts {
  readonly upstream: Upstream;
  readonly trusted: TrustedProxies;
}

/** Sends requests to the application, or says why not. */
export interface Proxy {
  handle(request: ProxiedRequest): Promise<HttpResponse>;
  upgrade(request: ProxiedRequest, socket: Duplex, head: Buffer): Promise<void>;
}

function authorizationFor(request: HttpRequest, decision: Decision): string | undefined {
  const { identity } = decision;
  if (identity.kind === 'session') return `Bearer ${identity.accessToken}`;
  return identity.kind === 'inbound' ? request.headers.authorization : undefined;
}

/** Makes the proxy; only what `decide` granted is forwarded. */
export function createProxy(context: LoginContext, parts: ProxyParts): Proxy {
  const { config } = context;
  const own = (name: string): boolean => isOwnCookie(name, config.cookie.prefix, sharedSession(config)?.name);

  function forwardOptions(request: ProxiedRequest, decision: Decision): ForwardOptions {
    const { http, ingress } = request;
    const { identity } = decision;
    const set = ownHeaders({
      authorization: authorizationFor(http, decision),
      idToken: identity.kind === 'session' && config.upstreamIdToken ? identity.idToken : undefined,
      forwardedHost: ingress?.host ?? http.headers.host ?? '',
      forwardedProto: ingress?.scheme ?? 'http',
      forwardedFor: forwardedFor(http, parts.trusted),
      correlationId: http.correlationId,
    });
    context.emit({ event: 'proxy.answered', decision: identity.kind, method: http.method });
    return {
      path: http.target,
      headers: strippedHeaders(http.rawHeaders, own),
      own: set,
      responseHeaders: (raw) => answerHeaders(raw, { isOwnCookie: own, sessionUsed: identity.kind === 'session' }),
    };
  }

  async function judge(request: ProxiedRequest): Promise<Verdict> {
    const { http, path, ingress } = request;
    const rule = ruleFor(context.rules, { path, method: http.method, host: ingress?.host ?? http.headers.host ?? '' });
    const session: SessionFinding =
      ingress === undefined ? { kind: 'none' } : await findSession(context, { http, ingress });
    const preflight = http.method === 'OPTIONS' && http.headers['access-control-request-method'] !== undefined;
    // Two of them are none: which one the application would believe is anybody's guess.
    const hasAuthorization = headerValues(http.rawHeaders, 'authorization').length === 1;
    const passes = config.compat.authorizationPassthrough ? { ...rule, authorization: 'pass' as const } : rule;
    return decide({ rule: passes, session, preflight, hasAuthorization });
  }

  /** Undefined = forward; the decision says as whom. */
  async function answerOrDecision(request: ProxiedRequest): Promise<HttpResponse | Decision> {
    const { http, ingress } = request;
    if (!areHeadersPlain(http.rawHeaders)) return empty(400, { Connection: 'close' });
    const verdict = await judge(request);
    if (verdict.kind === 'forward') return verdict.decision;
    if (ingress === undefined) return empty(401);
    return verdict.kind === 'sign-in'
      ? askToSignIn(context, { http, ingress })
      : sayUnavailable(context, { http, ingress });
  }

  return {
    async handle(request) {
      const result = await answerOrDecision(request);
      return 'status' in result ? result : parts.upstream.forward(request.http, forwardOptions(request, result));
    },
    async upgrade(request, socket, head) {
      const result = await answerOrDecision(request);
      if ('status' in result) return refuseUpgrade(socket, result);
      parts.upstream.tunnel(request.http, socket, head, forwardOptions(request, result));
    },
  };
}
