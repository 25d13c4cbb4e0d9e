/**
 * Names what a map or set holds, oldest first; what is named has to be taken out before the next is asked for. One walk that goes on:
 * each new one would pass by all places that have become empty, which for a large map takes longer than everything else.
 */
export function createOldestFirst<K>(walk: () => Iterator<K>): () => K | undefined {
  let walking = walk();
  return () => {
    const next = walking.next();
    if (next.done !== true) return next.value;
    // What came after the end was reached is for another walk.
    walking = walk();
    const first = walking.next();
    return first.done === true ? undefined : first.value;
  };
}
