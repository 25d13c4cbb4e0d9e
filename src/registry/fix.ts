import { parseAppId, splitAppId } from './app-id.ts';
import type { DecisionInput, DenyReason, Fix } from './decision.ts';
import type { ClientProvider, Snapshot, SourcePosition } from './model.ts';

const RULES = 'spec.accessPolicy.inbound.rules';
const SWITCHES: Readonly<Record<ClientProvider, string>> = {
  tokenx: 'spec.tokenx',
  azure: 'spec.azure.application',
  idporten: 'spec.idporten',
  maskinporten: 'spec.maskinporten',
  openid: 'spec.login',
};

/** The fix for a refusal; undefined where no line of a manifest would help. */
export function fixFor(reason: DenyReason, input: DecisionInput, snapshot: Snapshot): Fix | undefined {
  const change = changeFor(reason, input);
  return change === undefined ? undefined : locateFix(snapshot, change);
}

/** A change of a manifest, without its place. */
type Change = { readonly app: string; readonly path: string; readonly add: string };

function changeFor(reason: DenyReason, input: DecisionInput): Change | undefined {
  switch (reason) {
    case 'no-rule':
    case 'wildcard-network-only':
      return { app: input.target, path: RULES, add: ruleFor(input) };
    case 'target-provider-off':
      return { app: input.target, path: SWITCHES[input.provider], add: 'enabled: true' };
    case 'consumer-provider-off':
      return { app: input.consumer, path: SWITCHES[input.provider], add: 'enabled: true' };
    case 'user-not-in-groups':
      return { app: input.target, ...groupChange(input.userGroups?.[0]) };
    case 'target-unknown':
    case 'target-disabled':
    case 'consumer-unknown':
    case 'consumer-disabled':
    default:
      return undefined;
  }
}

/** One line for a log or an error page: what to add, where. */
export function describeFix(fix: Fix): string {
  const place = fix.file === undefined ? `the manifest of ${fix.app}` : `${fix.file}:${fix.line ?? 1}`;
  return `add \`${fix.add}\` under ${fix.path} in ${place}`;
}

/** The shortest rule that names the consumer: namespace and cluster only where they differ from the target's. */
function ruleFor({ consumer, target }: DecisionInput): string {
  const [who, whom] = [parseAppId(consumer), parseAppId(target)];
  if (who === undefined || whom === undefined) return `- application: ${consumer}`;
  const [from, to] = [splitAppId(who), splitAppId(whom)];
  const fields = [`application: ${from.name}`];
  if (from.namespace !== to.namespace) fields.push(`namespace: ${from.namespace}`);
  if (from.cluster !== to.cluster) fields.push(`cluster: ${from.cluster}`);
  return fields.length === 1 ? `- ${fields[0]}` : `- {${fields.join(', ')}}`;
}

function groupChange(group: string | undefined): { path: string; add: string } {
  if (group === undefined) return { path: 'spec.azure.application', add: 'allowAllUsers: true' };
  return { path: 'spec.azure.application.claims.groups', add: `- id: ${group}` };
}

/** Says where in its manifest a change belongs, as far as that is known. */
export function locateFix(snapshot: Snapshot, fix: Change): Fix {
  const position = nearest(snapshot.app(fix.app)?.positions ?? {}, fix.path);
  return position === undefined ? fix : { ...fix, file: position.file, line: position.line };
}

/** The position of the path, or of its closest ancestor that the manifest has. */
function nearest(positions: Readonly<Record<string, SourcePosition>>, path: string): SourcePosition | undefined {
  const parts = path.split('.');
  for (let length = parts.length; length > 0; length--) {
    const found = positions[parts.slice(0, length).join('.')];
    if (found !== undefined) return found;
  }
  return undefined;
}
