/** The way to the application: judgement, exchange, headers, upstream. There is no other way there. */
import type { Duplex } from 'node:stream';
import { forwardedFor } from '../../web/forwarded.ts';
import type { TrustedProxies } from '../../web/forwarded.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import { empty } from '../../web/http.ts';
import { refuseUpgrade } from '../../web/respond.ts';
import type { ForwardOptions } from '../../web/upstream.ts';
import { refuse } from '../answers.ts';
import type { LoginContext } from '../context.ts';
import { isOwnCookie, sharedSession } from '../cookie-names.ts';
import type { RequestWatch } from '../figures/requests.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Tunnels } from '../tunnels.ts';
import type { Decision } from './decide.ts';
import { sayExchangeDown } from './denials.ts';
import { answerToChallenge } from './honoured.ts';
import { answerHeaders, createHeaderCleaner, ownHeaders } from './headers.ts';
import type { JudgedRequest } from './judge.ts';
import { answerInstead, judgeRequest } from './judge.ts';
import type { Destination, Upstreams } from './upstreams.ts';

/** A request for the application, and who is told how it is answered. */
export interface ProxiedRequest extends Omit<JudgedRequest, 'upgrade' | 'enforced'> {
  readonly watch?: RequestWatch;
}

/** The proxy's fixed parts. */
export interface ProxyParts {
  readonly upstreams: Upstreams;
  readonly exchange: Exchange;
  readonly tunnels: Tunnels;
  readonly trusted: TrustedProxies;
}

/** Sends requests to the application, or says why not. */
export interface Proxy {
  handle(request: ProxiedRequest): Promise<HttpResponse>;
  upgrade(request: ProxiedRequest, socket: Duplex, head: Buffer): Promise<void>;
}

/** A request that may go on: where to, as whom, with which headers of the client's. */
interface Passage {
  readonly decision: Decision;
  readonly destination: Destination;
  readonly authorization: string | undefined;
  readonly headers: readonly string[];
}

function inboundAuthorization({ headers }: HttpRequest, { identity }: Decision): string | undefined {
  return identity.kind === 'inbound' ? headers.authorization : undefined;
}

/** Makes the proxy; only what `decide` granted is forwarded. */
export function createProxy(context: LoginContext, parts: ProxyParts): Proxy {
  const { config } = context;
  const shared = sharedSession(config)?.name;
  const isOwn = (name: string): boolean => isOwnCookie(name, config.cookie.prefix, shared);
  const clean = createHeaderCleaner(isOwn);

  /** The `Authorization` for this destination, or why there is none: what is exchanged never goes as it is. */
  async function authorizationFor(
    { http, ingress }: ProxiedRequest,
    decision: Decision,
    { audience }: Destination,
  ): Promise<HttpResponse | { readonly value: string | undefined }> {
    const { identity } = decision;
    if (identity.kind !== 'session' || ingress === undefined) return { value: inboundAuthorization(http, decision) };
    if (audience === undefined) return { value: `Bearer ${identity.session.record.accessToken}` };
    const exchanged = await parts.exchange.tokenFor(identity, audience);
    if (exchanged.kind === 'token') return { value: `Bearer ${exchanged.accessToken}` };
    if (exchanged.kind === 'refused') return refuse({ http, ingress }, 'exchange-refused');
    return sayExchangeDown({ http, ingress }, exchanged.retryAfterSeconds);
  }

  async function answerOrPassage(request: ProxiedRequest, upgrade: boolean): Promise<HttpResponse | Passage> {
    const { http, ingress } = request;
    const headers = clean(http.rawHeaders);
    if (headers === undefined) return empty(400, { Connection: 'close' });
    const verdict = await judgeRequest(context, { http, path: request.path, ingress, upgrade });
    if (verdict.kind !== 'forward')
      return ingress === undefined ? empty(401) : answerInstead(context, { http, ingress }, verdict);
    const { decision } = verdict;
    const destination = parts.upstreams.destinationOf(request.path);
    const authorization = await authorizationFor(request, decision, destination);
    if ('status' in authorization) return authorization;
    return { decision, destination, authorization: authorization.value, headers };
  }

  function forwardOptions({ http, ingress, watch }: ProxiedRequest, passage: Passage): ForwardOptions {
    const { identity } = passage.decision;
    const found = identity.kind === 'session' ? identity : undefined;
    const withIdToken = config.upstreamIdToken && passage.destination.audience === undefined;
    const answered = { isOwnCookie: isOwn, sessionUsed: found !== undefined };
    const options: ForwardOptions = {
      path: http.target,
      headers: passage.headers,
      own: ownHeaders({
        authorization: passage.authorization,
        idToken: withIdToken ? found?.session.record.idToken : undefined,
        forwardedHost: ingress?.host ?? http.headers.host ?? '',
        forwardedProto: ingress?.scheme ?? 'http',
        forwardedFor: forwardedFor(http, parts.trusted),
        correlationId: http.correlationId,
      }),
      responseHeaders: (raw) => answerHeaders(raw, answered),
      onFailed: (reason) =>
        context.emit({ event: 'upstream.unavailable', upstream: passage.destination.origin, reason }),
      ...(found === undefined ? {} : { onOpen: () => parts.tunnels.open(found) }),
      ...(found === undefined || ingress === undefined || !config.honourUpstreamStepUp
        ? {}
        : { instead: (status, raw) => answerToChallenge({ http, ingress }, found, { status, raw }) }),
    };
    return watch?.forward(options, identity.kind) ?? options;
  }

  return {
    async handle(request) {
      const result = await answerOrPassage(request, false);
      if ('status' in result) return result;
      return result.destination.upstream.forward(request.http, forwardOptions(request, result));
    },
    async upgrade(request, socket, head) {
      const result = await answerOrPassage(request, true);
      if ('status' in result) {
        request.watch?.answered(result.status);
        return refuseUpgrade(socket, result);
      }
      result.destination.upstream.tunnel(request.http, socket, head, forwardOptions(request, result));
    },
  };
}
