import { randomUUID } from 'node:crypto';
import { describeFix } from '../registry/fix.ts';
import type { Snapshot } from '../registry/model.ts';
import type { Form } from '../web/forms.ts';
import { json } from '../web/http.ts';
import type { Handle, HttpRequest, HttpResponse } from '../web/http.ts';
import { BodyAborted } from '../web/request.ts';
import { extendActors } from './act.ts';
import { audienceSettings } from './audience-settings.ts';
import { authenticateClient } from './authenticate.ts';
import { buildClaims } from './claims.ts';
import type { Principal } from './client-authentication.ts';
import type { ExchangeContext } from './context.ts';
import { allowed, asRefusal, issuedFacts, ruleId, startFacts, subjectFacts } from './decision-record.ts';
import type { Facts } from './decision-record.ts';
import { refuse } from './errors.ts';
import { readExchangeParameters, readGrantType } from './exchange-parameters.ts';
import { record, refusal } from './recorded.ts';
import { signToken } from './sign.ts';
import { verifySubjectToken } from './subject-token.ts';
import { checkSubjectIssuer, decideScope, decideTarget, refuseTarget } from './target.ts';
import type { Edge } from './target.ts';
import { countIgnored, readTokenForm } from './token-form.ts';

/** POST /token: token exchange (RFC 8693). Every answer, yes or no, is on record before it leaves. */
export function createTokenEndpoint(context: ExchangeContext): Handle {
  return async (request) => {
    const facts = startFacts(context.registry.snapshot().version);
    try {
      const form = await readTokenForm(request);
      // Only now: a body that never comes must not take the place of one that is there.
      const leave = context.limits.enter();
      try {
        const response = await exchange(context, request, { form, facts });
        await record(context, allowed(facts, request));
        return response;
      } finally {
        leave();
      }
    } catch (error) {
      // Nobody is left to answer.
      if (error instanceof BodyAborted) throw error;
      return await refusal(context, request, { facts, error: asRefusal(error) });
    }
  };
}

async function exchange(
  context: ExchangeContext,
  request: HttpRequest,
  { form, facts }: { readonly form: Form; readonly facts: Facts },
): Promise<HttpResponse> {
  const { config, issuers, keys } = context;
  admit(context, request, { form, facts });
  facts.grant = readGrantType(form);
  const snapshot = context.registry.snapshot();

  const caller = await authenticateClient(context, request, { form, snapshot, facts });
  const asked = readExchangeParameters(form);
  const { target } = asked;
  const edge = authoriseEdge(caller, target, { snapshot, facts });

  const settings = audienceSettings(snapshot.clientOf(target, 'tokenx'), config);
  const [now, { skewSeconds, subjectTokenTypes }] = [context.now(), config];
  const subjectRules = { issuers, caller: caller.clientId, snapshot, settings, skewSeconds, subjectTokenTypes, now };
  const subject = await verifySubjectToken(asked.subjectToken, asked.subjectTokenType, subjectRules);
  Object.assign(facts, subjectFacts(subject, context.pseudonym));

  // Waiting for a store or an issuer takes time: what was taken back meanwhile gives no token.
  const newest = context.registry.snapshot();
  const held = newest === snapshot ? edge : authoriseEdge(caller, target, { snapshot: newest, facts });
  checkSubjectIssuer(held, subject);

  const actor = extendActors(caller.clientId, subject, config.issuer);
  const scope = decideScope({ edge: held, subject, requested: asked.scope, target, settings, snapshot: newest });
  const parts = { issuer: config.issuer, target, caller: caller.clientId, subject, actor, settings, now };
  const claims = buildClaims({ ...parts, scope: scope.granted, jti: randomUUID() });
  const key = keys.signer(settings.alg);
  const token = await signToken(claims, settings.typ, key);
  Object.assign(facts, issuedFacts(claims, key.kid, { actor, scope }));
  return tokenResponse({ token, type: asked.issuedTokenType, seconds: claims.exp - now, scope: scope.shown });
}

/** Step 12: a refusal keeps the change that would have allowed it. */
function authoriseEdge(
  caller: Principal,
  target: string,
  { snapshot, facts }: { readonly snapshot: Snapshot; readonly facts: Facts },
): Edge {
  facts.version = snapshot.version;
  const decision = decideTarget(target, caller, snapshot);
  if (snapshot.app(target) !== undefined) facts.target = target;
  if (decision.allow) {
    facts.rules = decision.rules.map((rule) => ruleId(target, rule));
    return decision;
  }
  if (decision.fix !== undefined) facts.fix = describeFix(decision.fix);
  throw refuseTarget(decision.reason, target, caller.clientId);
}

/** Step 2, before anything that costs: the address did not fail too often, and the rules are fresh. */
function admit(
  { limits, registry, config, emit }: ExchangeContext,
  request: HttpRequest,
  { form, facts }: { readonly form: Form; readonly facts: Facts },
): void {
  const ignored = countIgnored(form);
  if (ignored > 0) emit({ event: 'exchange.ignored_parameters', count: ignored });
  limits.admitSource(request.remoteAddress);
  if (registry.ageSeconds() > config.registryStaleLimitSeconds) {
    throw refuse('registry-stale', 'it cannot be told now whether the rules are still the ones in force');
  }
  facts.admitted = true;
}

/** RFC 8693 2.2.1; `seconds` is what is left of the token. */
function tokenResponse(answer: {
  readonly token: string;
  readonly type: string;
  readonly seconds: number;
  readonly scope: string | undefined;
}): HttpResponse {
  const body = {
    access_token: answer.token,
    issued_token_type: answer.type,
    token_type: 'Bearer',
    expires_in: Math.floor(answer.seconds),
    ...(answer.scope === undefined ? {} : { scope: answer.scope }),
  };
  return json(200, body, { 'Cache-Control': 'no-store', Pragma: 'no-cache' });
}
