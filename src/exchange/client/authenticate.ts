import type { Snapshot } from '../../registry/model.ts';
import type { Form } from '../../web/forms.ts';
import type { HttpRequest } from '../../web/http.ts';
import { checkAssertionClaims, checkLifetime } from './assertion-claims.ts';
import type { AssertionClaims, AssertionRules } from './assertion-claims.ts';
import { claimAssertion } from './assertion-replay.ts';
import {
  checkAssertionType,
  findCandidate,
  parseAssertion,
  readPresentedAssertion,
  verifyAssertion,
} from './client-authentication.ts';
import type { Principal } from './client-authentication.ts';
import { checkLegacyClaims } from './compat-assertion.ts';
import type { ExchangeContext } from '../context.ts';
import { asRefusal } from '../record/decision-record.ts';
import type { Facts } from '../record/decision-record.ts';
import { refuse, situationOf } from '../errors.ts';
import { shown } from '../shown.ts';
import { left, takeSteps } from '../request/steps.ts';
import type { Step } from '../request/steps.ts';
import type { AuthenticationAttempt } from '../request/token-request.ts';

/** Step 4: one method of client authentication, its parameters present. */
function readCredential(state: AuthenticationAttempt): void {
  state.presented = readPresentedAssertion(
    state.form,
    state.request.headers.authorization,
    state.context.config.errors,
  );
}

/** Step 5: whom the assertion speaks for, unproven. */
function readCandidate(state: AuthenticationAttempt): void {
  state.assertion = parseAssertion(left(state.presented), state.form.get('client_id'), state.context.config.errors);
  state.facts.claimed_client = state.assertion.claimedClient;
}

/** Step 6: the client and the keys that could have signed; its buckets are not empty. */
function lookUpClient(state: AuthenticationAttempt): void {
  const { context, request, snapshot } = state;
  const assertion = left(state.assertion);
  context.limits.admitClient(request.remoteAddress, assertion.claimedClient);
  state.candidate = findCandidate(assertion, snapshot, context.clientKeys);
}

/** The client is there at all. A step of `tokendings` alone: else nobody is told before step 8. */
function requireRegistered({ candidate }: AuthenticationAttempt): void {
  const { clientId, assertion, doubt } = left(candidate);
  if (clientId !== undefined) return;
  throw refuse('client-unknown', `client authentication failed: there is no client ${shown(assertion.claimedClient)}`, {
    cause: doubt,
  });
}

/** Step 7: the kind of token. */
function checkType(state: AuthenticationAttempt): void {
  checkAssertionType(left(state.assertion), state.context.config.errors);
}

/** Step 7: the claims that cost nothing to check. */
function checkAssertion(state: AuthenticationAttempt): void {
  const { jwt, claimedClient } = left(state.assertion);
  const rules = assertionRules(state.context);
  const legacy = state.context.config.errors === 'tokendings';
  state.claims = legacy ? checkLegacyClaims(jwt.claims, claimedClient, rules) : checkAssertionClaims(jwt.claims, rules);
}

/** Step 7, its end: how long the assertion lives. */
function checkAssertionLifetime(state: AuthenticationAttempt): void {
  checkLifetime(left(state.claims), assertionRules(state.context), state.verified?.clientId);
}

/** Step 8: the signature. */
function verifyClient(state: AuthenticationAttempt): void {
  state.verified = verifyAssertion(left(state.candidate), state.context.config.errors);
}

/** Step 13, its end: the client is still there by the newest rules, and with the key that it proved itself with. */
export function verifyClientAgain(state: AuthenticationAttempt): void {
  const { context, snapshot } = state;
  verifyAssertion(findCandidate(left(state.assertion), snapshot, context.clientKeys), context.config.errors);
}

/** Step 9: the assertion was never used before. From here on the caller is who it says. */
async function spendAssertion(state: AuthenticationAttempt): Promise<void> {
  const { context, facts } = state;
  const [claims, caller] = [left(state.claims), left(state.verified)];
  await claim(context, caller.clientId, claims);
  const { clientId, method, keyId } = caller;
  Object.assign(facts, { caller: clientId, method, ...(keyId && { key: keyId }) });
  context.limits.charge(clientId);
  if (claims.audience === 'token-endpoint') {
    context.emit({ event: 'exchange.token_endpoint_audience', client_id: clientId });
  }
  state.caller = caller;
}

/** Steps 4 to 9. */
export const AUTHENTICATION: readonly Step<AuthenticationAttempt>[] = [
  readCredential,
  readCandidate,
  lookUpClient,
  checkType,
  checkAssertion,
  checkAssertionLifetime,
  verifyClient,
  spendAssertion,
];

/** The same as a tokendings server takes them: whom the assertion speaks for … */
export const LEGACY_CLAIM: readonly Step<AuthenticationAttempt>[] = [readCredential, readCandidate];

/** … and whether it is true. */
export const LEGACY_PROOF: readonly Step<AuthenticationAttempt>[] = [
  lookUpClient,
  requireRegistered,
  checkType,
  verifyClient,
  checkAssertion,
  checkAssertionLifetime,
  spendAssertion,
];

const LEGACY: readonly Step<AuthenticationAttempt>[] = [...LEGACY_CLAIM, ...LEGACY_PROOF];

/** Steps 4 to 9 at an endpoint that has no steps of its own between them: who calls, at the price of one signature, and once per assertion. */
export async function authenticateClient(
  context: ExchangeContext,
  request: HttpRequest,
  { form, snapshot, facts }: { readonly form: Form; readonly snapshot: Snapshot; readonly facts: Facts },
): Promise<Principal> {
  const state: AuthenticationAttempt = { context, request, form, snapshot, facts };
  await takeSteps(context.config.errors === 'tokendings' ? LEGACY : AUTHENTICATION, state);
  return left(state.caller);
}

/** What a client assertion is judged by here. */
function assertionRules({ config, endpoints, now }: ExchangeContext): AssertionRules {
  return {
    issuer: config.issuer,
    tokenEndpoint: endpoints.token,
    acceptTokenEndpoint: config.assertionAcceptTokenEndpointAudience,
    maxLifetimeSeconds: config.assertionMaxLifetimeSeconds,
    lifetimeRule: config.assertionLifetimeRule,
    requireIat: config.assertionRequireIat,
    requireNbf: config.assertionRequireNbf,
    skewSeconds: config.skewSeconds,
    now: now(),
  };
}

/** Step 9, within what one client may have in the replay store. Where that is off nothing is asked, and nothing told. */
async function claim(context: ExchangeContext, client: string, claims: AssertionClaims): Promise<void> {
  const { config, replay: store, replayQuota, emit } = context;
  if (config.replay === 'off') return;
  const { assertionMaxLifetimeSeconds: maxLifetimeSeconds, skewSeconds } = config;
  const startedAt = performance.now();
  const tell = (result: 'fresh' | 'seen' | 'unavailable'): void =>
    emit({ event: 'exchange.replay', result, seconds: (performance.now() - startedAt) / 1000 });
  const expiresAt = claims.exp + skewSeconds;
  if (!replayQuota.enter(client, expiresAt)) {
    throw refuse('rate-limited', 'too many assertions of this client are still valid');
  }
  try {
    await claimAssertion(claims, { store, maxLifetimeSeconds, skewSeconds });
    tell('fresh');
  } catch (error) {
    const seen = situationOf(asRefusal(error)) === 'client-replay';
    // What could not be told may have been written all the same: it stays counted.
    if (seen) replayQuota.leave(client, expiresAt);
    tell(seen ? 'seen' : 'unavailable');
    throw error;
  }
}
