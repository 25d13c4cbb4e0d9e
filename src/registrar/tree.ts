/** Where a node begins, 1-based. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One key of a map with its value. */
export interface Entry {
  readonly key: string;
  readonly keyAt: Place;
  readonly value: Tree;
}

/** A YAML document reduced to what manifests may hold, with the place of every part. */
export type Tree =
  | { readonly kind: 'map'; readonly at: Place; readonly entries: readonly Entry[] }
  | { readonly kind: 'list'; readonly at: Place; readonly items: readonly Tree[] }
  | { readonly kind: 'scalar'; readonly at: Place; readonly value: string | number | boolean | null }
  /** An unrendered `{{template}}`: legal YAML (a map as a key), but no value. */
  | { readonly kind: 'placeholder'; readonly at: Place };

/** The value under a key; undefined when the node is no map or has no such key. */
export function member(tree: Tree | undefined, key: string): Tree | undefined {
  if (tree?.kind !== 'map') return undefined;
  return tree.entries.find((entry) => entry.key === key)?.value;
}

/** A text scalar's value. */
export function textOf(tree: Tree | undefined): string | undefined {
  return tree?.kind === 'scalar' && typeof tree.value === 'string' ? tree.value : undefined;
}
