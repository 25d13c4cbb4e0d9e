/** What becomes of a request for the application: its rule, its session, what it lacks, and the decision. */
import { headerValues } from '../../web/headers.ts';
import type { HttpRequest, HttpResponse } from '../../web/http.ts';
import type { LoginContext, OwnRequest } from '../context.ts';
import type { SessionFinding } from '../session/finding.ts';
import { findSession } from '../session/finding.ts';
import { shortfallOf } from '../step-up.ts';
import { isCrossSiteWrite } from './csrf.ts';
import type { Verdict } from './decide.ts';
import { decide } from './decide.ts';
import { askForMore, askToSignIn, refuseCrossSite, sayUnavailable } from './denials.ts';
import type { CanonicalPath } from './path.ts';
import type { Rule } from './rules.ts';
import { ruleFor } from './rules.ts';

/** What is judged: a request for the application, at an ingress or at a service host where there are no sessions. */
export interface JudgedRequest {
  readonly http: HttpRequest;
  readonly path: CanonicalPath;
  readonly ingress: OwnRequest['ingress'] | undefined;
  /** A WebSocket handshake. */
  readonly upgrade: boolean;
  /** Login is demanded whatever the rule says. */
  readonly enforced?: boolean;
}

const NO_SESSION: SessionFinding = { kind: 'none' };

function ruleOf({ config, rules }: LoginContext, request: JudgedRequest): Rule {
  const { http, path, ingress } = request;
  const host = ingress?.host ?? (http.headers.host ?? '').toLowerCase();
  const rule = ruleFor(rules, { path, method: http.method, host });
  if (request.enforced === true) return { ...rule, login: 'enforce', authorization: 'strip', preflight: 'refuse' };
  return config.compat.authorizationPassthrough ? { ...rule, authorization: 'pass' } : rule;
}

/** Two `Authorization` headers are none: which one the application would believe is anybody's guess. So is one that is empty. */
function saysWho({ rawHeaders }: HttpRequest): boolean {
  const values = headerValues(rawHeaders, 'authorization');
  return values.length === 1 && values[0] !== undefined && values[0].trim() !== '';
}

/** Judges one request with at most one read of the store. */
export async function judgeRequest(context: LoginContext, request: JudgedRequest): Promise<Verdict> {
  const { http, ingress, upgrade } = request;
  const { method, headers } = http;
  const rule = ruleOf(context, request);
  const session = ingress === undefined ? NO_SESSION : await findSession(context, { http, ingress }, rule.provider);
  return decide({
    rule,
    session,
    shortfall: session.kind === 'session' ? shortfallOf(rule, session.session.record, context.now()) : undefined,
    crossSite: isCrossSiteWrite(rule.csrf, { method, headers, upgrade }, context.config.allowedOrigins),
    preflight: method === 'OPTIONS' && headers['access-control-request-method'] !== undefined,
    hasAuthorization: rule.authorization === 'pass' && saysWho(http),
  });
}

/** The answer to a request that may not go on, at an ingress. */
export function answerInstead(
  context: LoginContext,
  request: OwnRequest,
  verdict: Exclude<Verdict, { kind: 'forward' }>,
): HttpResponse {
  if (verdict.kind === 'step-up') return askForMore(request, verdict.found, verdict.shortfall);
  if (verdict.kind === 'cross-site') return refuseCrossSite(context, request);
  if (verdict.kind === 'unavailable') return sayUnavailable(context, request);
  return askToSignIn(context, request, verdict.provider);
}
