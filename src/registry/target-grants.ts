import type { Grant, GrantMatches } from './model.ts';

/** All rules of one target. */
export interface TargetGrants {
  readonly list: readonly Grant[];
  /** Costs what fits, not what the target has. `consumer` is an app id. */
  between(consumer: string): GrantMatches;
  /** Every scope that a rule names. */
  scopes(): ReadonlySet<string>;
}

/** A rule and its place in the list. */
type Placed = { readonly grant: Grant; readonly place: number };
type Index = {
  /** By the consumer as the rule writes it, `*` and all. */
  readonly byConsumer: ReadonlyMap<string, readonly Placed[]>;
  readonly scopes: ReadonlySet<string>;
  readonly hasPatterns: boolean;
};

const NONE: readonly Placed[] = [];

/** No rules. */
export const NO_GRANTS: TargetGrants = {
  list: [],
  between: () => ({ exact: [], patterns: [] }),
  scopes: () => new Set(),
};

/** The list is indexed when it is first asked about: most lists of a large registry never are. */
export function targetGrants(list: readonly Grant[]): TargetGrants {
  let made: Index | undefined;
  const index = (): Index => (made ??= indexOf(list));
  return {
    list,
    between(consumer) {
      const { byConsumer, hasPatterns } = index();
      const exact = grantsOf(byConsumer.get(consumer) ?? NONE);
      return { exact, patterns: hasPatterns ? patternsFor(consumer, byConsumer) : [] };
    },
    scopes: () => index().scopes,
  };
}

function indexOf(list: readonly Grant[]): Index {
  const byConsumer = new Map<string, Placed[]>();
  const scopes = new Set<string>();
  let hasPatterns = false;
  for (const [place, grant] of list.entries()) {
    const { cluster, namespace, name } = grant.consumer;
    const key = `${cluster}:${namespace}:${name}`;
    const same = byConsumer.get(key);
    if (same === undefined) byConsumer.set(key, [{ grant, place }]);
    else same.push({ grant, place });
    for (const scope of grant.scopes) scopes.add(scope);
    hasPatterns ||= namespace === '*' || name === '*';
  }
  return { byConsumer, scopes, hasPatterns };
}

/** A cluster is never a pattern, so there are three ways to write one that fits. */
function patternsFor(consumer: string, byConsumer: Index['byConsumer']): readonly Grant[] {
  const [cluster = '', namespace = '', name = ''] = consumer.split(':');
  const keys = [`${cluster}:*:${name}`, `${cluster}:${namespace}:*`, `${cluster}:*:*`];
  const found = keys.flatMap((key) => byConsumer.get(key) ?? NONE);
  return grantsOf(found.toSorted((one, other) => one.place - other.place));
}

function grantsOf(placed: readonly Placed[]): readonly Grant[] {
  return placed.map(({ grant }) => grant);
}
