import { decide, describeFix } from '../../registry/decide.ts';
import type { DenyReason } from '../../registry/decide.ts';
import type { Flow } from '../../registry/decision.ts';
import { parseAppId } from '../../registry/app-id.ts';
import type { AppId } from '../../registry/app-id.ts';
import type { Snapshot } from '../../registry/model.ts';
import type { OAuthError } from '../../oauth/errors.ts';
import { checkFresh } from '../request/admission.ts';
import { audienceSettings } from './audience-settings.ts';
import { verifyClientAgain } from '../client/authenticate.ts';
import type { Principal } from '../client/client-authentication.ts';
import { ruleId } from '../record/decision-record.ts';
import type { Facts } from '../record/decision-record.ts';
import { refuse } from '../errors.ts';
import type { ErrorProfile } from '../errors.ts';
import { checkGrantAllowed } from '../request/grant.ts';
import { resolveTarget } from './resource.ts';
import { shown } from '../shown.ts';
import { left } from '../request/steps.ts';
import type { Edge, TokenRequest } from '../request/token-request.ts';

/** Step 12: the target is an application here, and a rule of it lets the caller in. */
export function authoriseTarget(state: TokenRequest): void {
  const { facts, snapshot, context } = state;
  const [caller, asked] = [left(state.caller), left(state.asked)];
  facts.version = snapshot.version;
  const app = resolveTarget(asked, { caller: caller.clientId, snapshot });
  const { errors: profile } = context.config;
  const edge = authoriseEdge(caller, app, { flow: FLOWS[asked.grant], snapshot, facts, profile });
  state.target = { app, edge, settings: audienceSettings(snapshot.clientOf(app, 'tokenx'), context.config) };
}

/** Step 13, its end: waiting for a store or an issuer takes time, and what was taken back meanwhile gives no token. */
export function authoriseAgain(state: TokenRequest): void {
  checkFresh(state.context);
  const newest = state.context.registry.snapshot();
  if (newest === state.snapshot) return;
  state.snapshot = newest;
  state.facts.version = newest.version;
  verifyClientAgain(state);
  checkGrantAllowed(state);
  authoriseTarget(state);
}

const FLOWS = { 'token-exchange': 'exchange', client_credentials: 'client_credentials' } as const;

/** The edge from caller to target. A refusal keeps the change that would have allowed it. */
function authoriseEdge(
  caller: Principal,
  target: string,
  question: {
    readonly flow: Flow;
    readonly snapshot: Snapshot;
    readonly facts: Facts;
    readonly profile: ErrorProfile;
  },
): Edge {
  const { flow, snapshot, facts, profile } = question;
  const decision = decide({ consumer: caller.clientId, target, provider: 'tokenx', flow }, snapshot);
  if (snapshot.app(target) !== undefined) facts.target = target;
  if (decision.allow) {
    facts.rules = decision.rules.map((rule) => ruleId(target, rule));
    return decision;
  }
  if (decision.fix !== undefined) facts.fix = describeFix(decision.fix);
  throw refuseTarget(decision.reason, { audience: target, caller: caller.clientId, profile });
}

/** The refusal of a denied edge. Only ids we know or that the caller proved are repeated. */
function refuseTarget(
  reason: DenyReason,
  { audience, caller, profile }: { readonly audience: string; readonly caller: AppId; readonly profile: ErrorProfile },
): OAuthError {
  const target = parseAppId(audience) ?? 'the audience';
  switch (reason) {
    case 'target-unknown':
      return refuse(reason, `${profile === 'rfc' ? 'audience' : shown(audience)} is not the id of an application here`);
    case 'target-disabled':
      return refuse(reason, `${target} is disabled`);
    case 'target-provider-off':
      return refuse(reason, `${target} does not take tokens of this server: it has not turned TokenX on`);
    case 'wildcard-network-only':
      return refuse(reason, `${target} names ${caller} by a wildcard only, which opens the network alone`);
    case 'consumer-unknown':
    case 'consumer-disabled':
    case 'consumer-provider-off':
      return refuse('client-auth-failed', 'client authentication failed', { cause: reason });
    case 'no-rule':
    case 'user-not-in-groups':
    default:
      return refuse('no-rule', `${target} has no inbound rule for ${caller}`);
  }
}
