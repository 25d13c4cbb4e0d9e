/** Numbers that look random and are the same for the same seed (mulberry32). */
export interface Random {
  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** So many letters and digits. */
  text(length: number): string;
}

/** How much the rows do: `quick` at every change, `full` for a bar. Set by `FULLMAKT_TEST_SCALE`. */
export const isFull: boolean = process.env['FULLMAKT_TEST_SCALE'] === 'full';

/**
 * The seed of this run: given by `FULLMAKT_TEST_SEED`, else drawn from the clock at full scale. At quick scale it is the same always, so
 * that a change is refused for what it does and not for what was drawn.
 */
export function drawSeed(): number {
  const given = Number(process.env['FULLMAKT_TEST_SEED'] ?? Number.NaN);
  if (Number.isSafeInteger(given)) return given;
  return isFull ? Date.now() % 2 ** 31 : 1;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A source of such numbers. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(next() * end);
  return {
    below,
    pick: (list) => list[below(list.length)] ?? list[0],
    text: (length) => Array.from({ length }, () => LETTERS[below(LETTERS.length)]).join(''),
  };
}
