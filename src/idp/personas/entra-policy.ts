import { decide } from '../../registry/decide.ts';
import type { Decision, DenyReason, Flow } from '../../registry/decision.ts';
import type { Client, Snapshot } from '../../registry/model.ts';
import { Refusal } from '../engine/refusal.ts';
import type { Problem } from '../engine/refusal.ts';

/** What an allowed caller gets at the API: roles for applications, scopes for users, and the user's groups the API lists. */
export type Allowed = Extract<Decision, { readonly allow: true }>;

/** A question to the one grant decision. `asked` is the API as the request named it. */
export interface Question {
  readonly consumer: Client;
  readonly target: Client;
  readonly flow: Flow;
  readonly asked: string;
  readonly tenant: string;
  readonly userGroups?: readonly string[];
}

/** The grant decision in Entra's terms. Throws `api-unknown`, `client-unknown`, `no-role`, `no-consent` or `not-assigned`, with the manifest change that would allow it. */
export function requireGrant(snapshot: Snapshot, question: Question): Allowed {
  const { consumer, target, flow, userGroups } = question;
  const decision = decide(
    {
      consumer: consumer.app,
      target: target.app,
      provider: 'azure',
      flow,
      ...(userGroups === undefined ? {} : { userGroups }),
    },
    snapshot,
  );
  if (decision.allow) return decision;
  // A user outside the groups is told of the application whose groups they are.
  const named = decision.reason === 'user-not-in-groups' ? target : consumer;
  throw new Refusal(
    problemOf(decision.reason, flow),
    {
      client: named.clientId,
      name: displayName(named),
      api: question.asked,
      apiName: displayName(target),
      resource: question.asked,
      tenant: question.tenant,
    },
    decision.fix,
  );
}

/** The name people know an application by. */
export function displayName(client: Client): string {
  return client.registration.provider === 'azure' ? client.registration.displayName : client.app;
}

const PROBLEMS: Readonly<Record<DenyReason, Problem>> = {
  'target-unknown': 'api-unknown',
  'target-disabled': 'api-unknown',
  'target-provider-off': 'api-unknown',
  'consumer-unknown': 'client-unknown',
  'consumer-disabled': 'client-unknown',
  'consumer-provider-off': 'client-unknown',
  'no-rule': 'no-consent',
  'wildcard-network-only': 'no-consent',
  'user-not-in-groups': 'not-assigned',
};

/** Without a rule an application lacks a role, a user's client lacks consent. */
function problemOf(reason: DenyReason, flow: Flow): Problem {
  const problem = PROBLEMS[reason];
  return problem === 'no-consent' && flow === 'client_credentials' ? 'no-role' : problem;
}
