/** Names what a map or set holds, oldest first. */
export interface OldestFirst<K> {
  /** What is named has to be taken out before the next is asked for. */
  readonly next: () => K | undefined;
  /** Something was put in or taken out without being asked for here. */
  readonly changed: () => void;
}

/** Changes a walk that does not go on may see. */
const MAX_CHANGES = 1024;

/**
 * One walk that goes on: each new one would pass by all places that have become empty, which for a large map takes longer than everything
 * else. A walk that stands still is given up: what the map was from there on could not be let go of, every token of it included.
 */
export function createOldestFirst<K>(walk: () => Iterator<K>): OldestFirst<K> {
  let walking: Iterator<K> | undefined;
  let changes = 0;
  return {
    next() {
      changes = 0;
      walking ??= walk();
      const next = walking.next();
      if (next.done !== true) return next.value;
      // What came after the end was reached is for another walk.
      walking = walk();
      const first = walking.next();
      return first.done === true ? undefined : first.value;
    },
    changed() {
      if (walking === undefined) return;
      changes += 1;
      if (changes > MAX_CHANGES) walking = undefined;
    },
  };
}
