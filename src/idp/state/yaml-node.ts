import { isMap, isScalar, isSeq } from 'yaml';

/** The key or item that a path leads to, or the last one on the way. */
export function nodeOf(start: unknown, path: readonly string[]): unknown {
  let [found, inside] = [start, start];
  for (const part of path) {
    if (isMap(inside)) {
      const pair = inside.items.find(({ key }) => isScalar(key) && String(key.value) === part);
      if (pair === undefined) break;
      [found, inside] = [pair.key, pair.value];
    } else if (isSeq(inside) && inside.items[Number(part)] !== undefined) {
      found = inside = inside.items[Number(part)];
    } else break;
  }
  return found;
}

/** Where in its text a node begins, counted from 0. */
export function offsetOf(node: unknown): number {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return 0;
  const [start] = node.range;
  return typeof start === 'number' ? start : 0;
}
