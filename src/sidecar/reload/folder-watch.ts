import { statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import type { Timers } from './timers.ts';

/** Calls back when something in the watched folders changed and then was quiet, and regularly in any case. */
export interface FolderWatch {
  /** Watches exactly these folders from now on; those that are not there are left to the regular call. */
  follow(folders: Iterable<string>): void;
  close(): void;
}

const QUIET_MILLISECONDS = 250;
/** Whoever never stops writing does not keep us from reading. */
const LATEST_CHANGES = 40;
const POLL_MILLISECONDS = 30_000;

interface Watched {
  readonly watcher: FSWatcher;
  readonly identity: string;
}

/** After 250 ms of quiet, and every 30 s: a volume that takes the place of another tells nobody (sidecar-sdk.md 3.8). */
export function watchFolders(onChange: () => void, timers: Timers): FolderWatch {
  const watched = new Map<string, Watched>();
  let waiting: (() => void) | undefined;
  let changes = 0;
  const fire = (): void => {
    waiting?.();
    waiting = undefined;
    changes = 0;
    onChange();
  };
  const noticed = (): void => {
    changes += 1;
    if (waiting !== undefined && changes > LATEST_CHANGES) return;
    waiting?.();
    waiting = timers.after(QUIET_MILLISECONDS, fire);
  };
  const unfollow = (folder: string): void => {
    watched.get(folder)?.watcher.close();
    watched.delete(folder);
  };
  const stopPolling = timers.every(POLL_MILLISECONDS, fire);

  return {
    follow(folders) {
      const wanted = new Set(folders);
      for (const folder of watched.keys()) if (!wanted.has(folder)) unfollow(folder);
      for (const folder of wanted) {
        const identity = identityOf(folder);
        // The same name may be another folder by now, of which the old watcher hears nothing.
        if (watched.get(folder)?.identity === identity) continue;
        unfollow(folder);
        if (identity === undefined) continue;
        const watcher = open(folder, noticed);
        watcher?.on('error', () => unfollow(folder));
        if (watcher !== undefined) watched.set(folder, { watcher, identity });
      }
    },
    close() {
      stopPolling();
      waiting?.();
      for (const folder of watched.keys()) unfollow(folder);
    },
  };
}

function identityOf(folder: string): string | undefined {
  try {
    const { dev, ino } = statSync(folder);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function open(folder: string, noticed: () => void): FSWatcher | undefined {
  try {
    return watch(folder, { persistent: false }, noticed);
  } catch {
    return undefined;
  }
}
