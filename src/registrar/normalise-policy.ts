import type { InboundRule, OutboundRule, SourcePosition } from '../registry/model.ts';
import type { RawRule } from './fields/access-policy.ts';
import type { Normalising } from './normalising.ts';
import { positionOf } from './reading.ts';

type Own = { readonly cluster: string; readonly namespace: string };

/** Inbound rules with their own namespace and cluster filled in. */
export function normaliseInbound(from: Normalising, own: Own): readonly InboundRule[] {
  const rules = from.raw.accessPolicy?.inbound?.rules ?? [];
  return rules.flatMap((rule, index) => {
    const peer = peerOf(rule, own);
    if (peer === undefined) return [];
    const { roles = [], scopes = [] } = rule.permissions ?? {};
    return [{ ...peer, roles, scopes, position: placeOf(from, `spec.accessPolicy.inbound.rules[${index}]`) }];
  });
}

/** Outbound rules likewise. */
export function normaliseOutbound(from: Normalising, own: Own): readonly OutboundRule[] {
  const rules = from.raw.accessPolicy?.outbound?.rules ?? [];
  return rules.flatMap((rule, index) => {
    const peer = peerOf(rule, own);
    if (peer === undefined) return [];
    return [{ ...peer, position: placeOf(from, `spec.accessPolicy.outbound.rules[${index}]`) }];
  });
}

function peerOf(rule: RawRule, own: Own): Pick<InboundRule, 'cluster' | 'namespace' | 'application'> | undefined {
  if (rule.application === undefined) return undefined;
  return {
    cluster: rule.cluster ?? own.cluster,
    namespace: rule.namespace ?? own.namespace,
    application: rule.application,
  };
}

/** The place of the rule's `application` key, which tells more than that of the list. */
function placeOf({ reading }: Normalising, path: string): SourcePosition {
  return { ...positionOf(reading, `${path}.application`), path };
}
