import { decide } from '../registry/decide.ts';
import type { ClientProvider, Grant, Snapshot } from '../registry/model.ts';

/** One pair of apps between which tokens are given. */
export interface AccessEdge {
  readonly consumer: string;
  readonly target: string;
  readonly provider: ClientProvider;
}

const FLOWS = { tokenx: 'exchange', azure: 'client_credentials' } as const;

/** Who may newly call whom, and who no longer, judged by the same decision as the token services. */
export function accessDiff(
  before: Snapshot,
  after: Snapshot,
): {
  readonly gains: readonly AccessEdge[];
  readonly loses: readonly AccessEdge[];
} {
  const [old, fresh] = [edges(before), edges(after)];
  return {
    gains: [...fresh].flatMap(([key, edge]) => (old.has(key) ? [] : [edge])),
    loses: [...old].flatMap(([key, edge]) => (fresh.has(key) ? [] : [edge])),
  };
}

function edges(snapshot: Snapshot): ReadonlyMap<string, AccessEdge> {
  const found = new Map<string, AccessEdge>();
  for (const app of snapshot.apps()) {
    for (const grant of snapshot.grantsFor(app.id)) {
      for (const consumer of consumersOf(grant, snapshot)) {
        for (const provider of ['tokenx', 'azure'] as const) {
          const edge = { consumer, target: app.id, provider };
          if (decide({ ...edge, flow: FLOWS[provider] }, snapshot).allow)
            found.set(`${provider} ${consumer} ${app.id}`, edge);
        }
      }
    }
  }
  return found;
}

function consumersOf({ consumer }: Grant, snapshot: Snapshot): readonly string[] {
  const { cluster, namespace, name } = consumer;
  if (namespace !== '*' && name !== '*') return [`${cluster}:${namespace}:${name}`];
  if (snapshot.wildcardGrants !== 'tokens') return [];
  return [...snapshot.apps()].map((app) => app.id);
}
