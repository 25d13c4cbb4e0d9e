import type { Denial } from './denial.ts';
import type { MapEditor, PersistentMap } from './persistent-map.ts';

/** The denials that run out within one minute of the epoch. Some may have been replaced since. */
export interface Expiring {
  readonly minute: number;
  readonly hashes: readonly string[];
}

interface Editors {
  readonly denials: MapEditor<Denial>;
  readonly expiries: MapEditor<Expiring>;
}

interface Before {
  readonly denials: PersistentMap<Denial>;
  readonly expiries: PersistentMap<Expiring>;
}

/** Adds denials, each in place of one of the same value; of two in one call the last counts. */
export function putDenials(edit: Editors, put: readonly Denial[]): void {
  const denials = [...new Map(put.map((denial) => [denial.hash, denial])).values()];
  const moved = denials.filter(({ hash, expiresAt }) => {
    const before = edit.denials.get(hash);
    if (before === undefined) return true;
    if (minuteOf(before.expiresAt) === minuteOf(expiresAt)) return false;
    // Else whoever revokes one token over and over fills the lists.
    leave(edit, minuteOf(before.expiresAt), hash);
    return true;
  });
  for (const denial of denials) edit.denials.set(denial.hash, denial);
  for (const [minute, added] of Map.groupBy(moved, ({ expiresAt }) => minuteOf(expiresAt))) {
    const before = edit.expiries.get(String(minute))?.hashes ?? [];
    edit.expiries.set(String(minute), { minute, hashes: [...before, ...added.map(({ hash }) => hash)] });
  }
}

function leave({ expiries }: Editors, minute: number, hash: string): void {
  const hashes = (expiries.get(String(minute))?.hashes ?? []).filter((each) => each !== hash);
  if (hashes.length === 0) expiries.delete(String(minute));
  else expiries.set(String(minute), { minute, hashes });
}

/** Drops what has run out at `at`, seconds since the epoch. Looks only at the minutes that have begun, so that a long list costs nothing. */
export function dropExpired(edit: Editors, rows: Before, at: number): void {
  for (const { minute, hashes } of rows.expiries.values()) {
    if (minute > minuteOf(at)) continue;
    const left: string[] = [];
    for (const hash of hashes) {
      const expiresAt = rows.denials.get(hash)?.expiresAt ?? 0;
      if (expiresAt <= at) edit.denials.delete(hash);
      else if (minuteOf(expiresAt) === minute) left.push(hash);
    }
    if (left.length === 0) edit.expiries.delete(String(minute));
    else edit.expiries.set(String(minute), { minute, hashes: left });
  }
}

function minuteOf(seconds: number): number {
  return Math.floor(seconds / 60);
}
