/**
 * Order of authentication levels (`acr`): a token satisfies a required level of equal or lower rank; values without
 * an order satisfy only themselves.
 */

const RANKS: ReadonlyMap<string, number> = new Map([
  ['selfregistered-email', 0],
  ['idporten-loa-low', 1],
  ['idporten-loa-substantial', 2],
  ['idporten-loa-high', 3],
]);

const EIDAS_RANKS: ReadonlyMap<string, number> = new Map([
  ['eidas-loa-low', 1],
  ['eidas-loa-substantial', 2],
  ['eidas-loa-high', 3],
]);

/** The current name of a level: the retired spellings `Level3` and `Level4` are translated, all else is kept. */
export function normaliseLevel(level: string): string {
  if (level === 'Level3') return 'idporten-loa-substantial';
  if (level === 'Level4') return 'idporten-loa-high';
  return level;
}

/** Whether a session that reached `actual` may be used where `required` is demanded. */
export function satisfiesLevel(required: string, actual: string | undefined): boolean {
  if (actual === undefined) return false;
  const wanted = normaliseLevel(required);
  const reached = normaliseLevel(actual);
  if (wanted === reached) return true;
  const ranks = wanted.startsWith('eidas-') ? EIDAS_RANKS : RANKS;
  const wantedRank = ranks.get(wanted);
  const reachedRank = ranks.get(reached);
  return wantedRank !== undefined && reachedRank !== undefined && reachedRank >= wantedRank;
}
