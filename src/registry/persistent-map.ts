/** A map that never changes: a changed one shares with it all but the few nodes on the way to what changed. Up to 32 entries stay in the order they came; beyond, the order is the keys' own. */
export interface PersistentMap<V> {
  readonly size: number;
  get(key: string): V | undefined;
  values(): IterableIterator<V>;
  /** Starts a new map from this one; costs what is then changed. */
  edit(): MapEditor<V>;
}

/** A map in the making. */
export interface MapEditor<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  /** The map as it is now; what is set afterwards does not touch it. */
  done(): PersistentMap<V>;
}

/** A hash trie: 32 ways at each level, small ordinary maps at its ends. `owner` is the edit that may still write to a node. */
type Node<V> = Leaf<V> | Branch<V>;
type Leaf<V> = { readonly owner: object; readonly entries: Map<string, V> };
type Branch<V> = { readonly owner: object; readonly children: (Node<V> | undefined)[] };

const BITS = 5;
const WAYS = 2 ** BITS;
const LEAF_ENTRIES = 32;
/** Below that no hash bits are left to divide a leaf by; one with more entries merely costs more to copy. */
const DEEPEST_SHIFT = 30;

/** A map without entries. */
export function emptyMap<V>(): PersistentMap<V> {
  return viewOf({ owner: {}, entries: new Map<string, V>() }, 0);
}

function viewOf<V>(root: Node<V>, size: number): PersistentMap<V> {
  return { size, get: (key) => find(root, key), values: () => walk(root), edit: () => editorOf(root, size) };
}

function editorOf<V>(start: Node<V>, startSize: number): MapEditor<V> {
  let [root, size, owner] = [start, startSize, {}];
  return {
    get: (key) => find(root, key),
    set(key, value) {
      if (find(root, key) === undefined) size++;
      root = put(root, { key, value, hash: hashOf(key), owner }, 0);
    },
    delete(key) {
      if (find(root, key) === undefined) return;
      size--;
      root = put(root, { key, value: undefined, hash: hashOf(key), owner }, 0);
    },
    done() {
      owner = {};
      return viewOf(root, size);
    },
  };
}

type Put<V> = { readonly key: string; readonly value: V | undefined; readonly hash: number; readonly owner: object };

function put<V>(node: Node<V>, item: Put<V>, shift: number): Node<V> {
  const { key, value, hash, owner } = item;
  if ('children' in node) {
    const own = node.owner === owner ? node : { owner, children: [...node.children] };
    const way = (hash >>> shift) & (WAYS - 1);
    own.children[way] = put(own.children[way] ?? { owner, entries: new Map() }, item, shift + BITS);
    return own;
  }
  const own = node.owner === owner ? node : { owner, entries: new Map(node.entries) };
  if (value === undefined) own.entries.delete(key);
  else own.entries.set(key, value);
  return own.entries.size > LEAF_ENTRIES && shift <= DEEPEST_SHIFT ? divided(own, shift) : own;
}

function divided<V>({ owner, entries }: Leaf<V>, shift: number): Node<V> {
  let branch: Node<V> = { owner, children: Array.from<undefined>({ length: WAYS }) };
  for (const [key, value] of entries) branch = put(branch, { key, value, hash: hashOf(key), owner }, shift);
  return branch;
}

function find<V>(root: Node<V>, key: string): V | undefined {
  let node: Node<V> | undefined = root;
  if ('entries' in node) return node.entries.get(key);
  for (let hash = hashOf(key); node !== undefined; hash >>>= BITS) {
    if ('entries' in node) return node.entries.get(key);
    node = node.children[hash & (WAYS - 1)];
  }
  return undefined;
}

function* walk<V>(node: Node<V>): IterableIterator<V> {
  if ('entries' in node) yield* node.entries.values();
  else for (const child of node.children) if (child !== undefined) yield* walk(child);
}

/** FNV-1a over UTF-16 units. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < key.length; place++) hash = Math.imul(hash ^ key.charCodeAt(place), 0x01000193);
  return hash >>> 0;
}
