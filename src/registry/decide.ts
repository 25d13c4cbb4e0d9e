import type { Decision, DecisionInput, DenyReason, Flow } from './decision.ts';
import { fixFor } from './fix.ts';
import type { AzureRegistration, Client, Grant, GrantMatches, Snapshot } from './model.ts';

export type { Decision, DecisionInput, DenyReason } from './decision.ts';
export { describeFix, locateFix } from './fix.ts';

/** The role every granted caller has at Entra. */
const DEFAULT_ROLE = 'access_as_application';
/** The delegated scope every granted caller has at Entra. */
const DEFAULT_SCOPE = 'defaultaccess';

/** The one grant decision: pure, the same for token exchange, local Entra, the plan's access diff and `explain`. The first failing step decides. */
export function decide(input: DecisionInput, snapshot: Snapshot): Decision {
  const deny = (reason: DenyReason): Decision => ({ allow: false, reason, fix: fixFor(reason, input, snapshot) });
  const refused = targetRefusal(input, snapshot) ?? consumerRefusal(input, snapshot);
  if (refused !== undefined) return deny(refused);
  const target = snapshot.clientOf(input.target, input.provider);
  if (tenantsDiffer(target, snapshot.clientOf(input.consumer, input.provider))) return deny('target-unknown');
  const matches = snapshot.grantsBetween(input.consumer, input.target);
  const rules = effectiveRules(input, matches, snapshot);
  if (rules.length === 0 && !allowedWithoutRule(input)) {
    const onlyPattern = matches.patterns.length > 0 && input.consumer !== input.target;
    return deny(onlyPattern ? 'wildcard-network-only' : 'no-rule');
  }
  const azure = target?.registration.provider === 'azure' ? target.registration : undefined;
  const groups = (input.userGroups ?? []).filter((group) => azure?.groups.includes(group));
  if (azure !== undefined && isUserFlow(input.flow) && !azure.allowAllUsers && groups.length === 0)
    return deny('user-not-in-groups');
  return allow({ input, rules, azure, groups, snapshot });
}

function targetRefusal({ target, provider }: DecisionInput, snapshot: Snapshot): DenyReason | undefined {
  const app = snapshot.app(target);
  if (app === undefined) return 'target-unknown';
  if (app.state !== 'active') return 'target-disabled';
  return isOn(snapshot.clientOf(target, provider)) ? undefined : 'target-provider-off';
}

function consumerRefusal({ consumer, provider }: DecisionInput, snapshot: Snapshot): DenyReason | undefined {
  const app = snapshot.app(consumer);
  if (app === undefined) return 'consumer-unknown';
  if (app.state !== 'active') return 'consumer-disabled';
  return isOn(snapshot.clientOf(consumer, provider)) ? undefined : 'consumer-provider-off';
}

function isOn(client: Client | undefined): boolean {
  return client !== undefined && client.state !== 'disabled';
}

/** Only apps of one tenant see each other; an unnamed tenant is the platform's own. */
function tenantsDiffer(target: Client | undefined, consumer: Client | undefined): boolean {
  const [one, other] = [tenantOf(target), tenantOf(consumer)];
  return one !== undefined && other !== undefined && one !== other;
}

function tenantOf(client: Client | undefined): string | undefined {
  return client?.registration.provider === 'azure' ? client.registration.tenant : undefined;
}

/** Patterns count at TokenX only, only by the platform's choice, and never for an app that renews a token for itself. */
function effectiveRules(input: DecisionInput, matches: GrantMatches, snapshot: Snapshot): readonly Grant[] {
  const patternsCount =
    input.provider === 'tokenx' && snapshot.wildcardGrants === 'tokens' && input.consumer !== input.target;
  return patternsCount ? [...matches.exact, ...matches.patterns] : matches.exact;
}

function allowedWithoutRule({ consumer, target, provider }: DecisionInput): boolean {
  return consumer === target && provider !== 'tokenx';
}

function isUserFlow(flow: Flow): boolean {
  return flow === 'obo' || flow === 'login';
}

function allow(found: {
  readonly input: DecisionInput;
  readonly rules: readonly Grant[];
  readonly azure: AzureRegistration | undefined;
  readonly groups: readonly string[];
  readonly snapshot: Snapshot;
}): Decision {
  const { input, rules, azure, groups, snapshot } = found;
  return {
    allow: true,
    rules: rules.map((rule) => rule.position),
    roles: union(
      azure === undefined ? [] : [DEFAULT_ROLE],
      rules.map((rule) => rule.roles),
    ),
    scopes: union(
      azure === undefined ? [] : [DEFAULT_SCOPE],
      rules.map((rule) => rule.scopes),
    ),
    groups,
    issuers: snapshot.app(input.target)?.spec.tokenx?.subjectIssuers,
  };
}

function union(first: readonly string[], lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set([...first, ...lists.flat()])];
}
