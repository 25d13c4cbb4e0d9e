import type { Snapshot } from '../registry/model.ts';
import type { Form } from '../web/forms.ts';
import type { HttpRequest } from '../web/http.ts';
import { checkAssertionClaims } from './assertion-claims.ts';
import type { AssertionClaims, AssertionRules } from './assertion-claims.ts';
import { claimAssertion } from './assertion-replay.ts';
import { findCandidate, parseAssertion, readPresentedAssertion, verifyAssertion } from './client-authentication.ts';
import type { Principal } from './client-authentication.ts';
import type { ExchangeContext } from './context.ts';
import { asRefusal } from './decision-record.ts';
import type { Facts } from './decision-record.ts';
import { refuse, situationOf } from './errors.ts';

/** Steps 4 to 9: who calls, at the price of one signature, and once per assertion. */
export async function authenticateClient(
  context: ExchangeContext,
  request: HttpRequest,
  { form, snapshot, facts }: { readonly form: Form; readonly snapshot: Snapshot; readonly facts: Facts },
): Promise<Principal> {
  const { limits, emit } = context;
  const presented = readPresentedAssertion(form, request.headers.authorization);
  const assertion = parseAssertion(presented, form.get('client_id'));
  facts.claimed_client = assertion.claimedClient;
  limits.admitClient(request.remoteAddress, assertion.claimedClient);
  const candidate = findCandidate(assertion, snapshot, context.clientKeys);
  const claims = checkAssertionClaims(assertion.jwt.claims, assertionRules(context));
  const caller = verifyAssertion(candidate);
  await claim(context, caller.clientId, claims);
  Object.assign(facts, {
    caller: caller.clientId,
    method: caller.method,
    ...(caller.keyId && { key: caller.keyId }),
  });
  limits.charge(caller.clientId);
  if (claims.audience === 'token-endpoint') {
    emit({ event: 'exchange.token_endpoint_audience', client_id: caller.clientId });
  }
  return caller;
}

/** What a client assertion is judged by here. */
function assertionRules({ config, endpoints, now }: ExchangeContext): AssertionRules {
  return {
    issuer: config.issuer,
    tokenEndpoint: endpoints.token,
    acceptTokenEndpoint: config.assertionAcceptTokenEndpointAudience,
    maxLifetimeSeconds: config.assertionMaxLifetimeSeconds,
    requireIat: config.assertionRequireIat,
    requireNbf: config.assertionRequireNbf,
    skewSeconds: config.skewSeconds,
    now: now(),
  };
}

/** Step 9, within what one client may have in the replay store. */
async function claim(context: ExchangeContext, client: string, claims: AssertionClaims): Promise<void> {
  const { config, replay: store, replayQuota, emit } = context;
  const { assertionMaxLifetimeSeconds: maxLifetimeSeconds, skewSeconds, replay: mode } = config;
  const startedAt = performance.now();
  const tell = (result: 'fresh' | 'seen' | 'unavailable'): void =>
    emit({ event: 'exchange.replay', result, seconds: (performance.now() - startedAt) / 1000 });
  const expiresAt = claims.exp + skewSeconds;
  if (mode === 'on' && !replayQuota.enter(client, expiresAt)) {
    throw refuse('rate-limited', 'too many assertions of this client are still valid');
  }
  try {
    await claimAssertion(claims, { store, mode, maxLifetimeSeconds, skewSeconds });
    tell('fresh');
  } catch (error) {
    const seen = situationOf(asRefusal(error)) === 'client-replay';
    // What could not be told may have been written all the same: it stays counted.
    if (seen) replayQuota.leave(client, expiresAt);
    tell(seen ? 'seen' : 'unavailable');
    throw error;
  }
}
