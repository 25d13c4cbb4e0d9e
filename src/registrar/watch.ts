import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';

/** Calls back when something in the watched folders changed and then was quiet. */
export interface FolderWatch {
  /** Watches exactly these folders from now on. */
  follow(folders: readonly string[]): void;
  close(): void;
}

const QUIET_MILLISECONDS = 100;
const LATEST_MILLISECONDS = 500;

/** After 100 ms of quiet, at the latest 500 ms after the first change, and every `rereadSeconds` in any case (D2). */
export function watchFolders(onChange: () => void, options: { readonly rereadSeconds: number }): FolderWatch {
  const watchers = new Map<string, FSWatcher>();
  let quiet: NodeJS.Timeout | undefined;
  let since: number | undefined;
  const fire = (): void => {
    clearTimeout(quiet);
    since = undefined;
    onChange();
  };
  const noticed = (name: string | null): void => {
    if (name !== null && name.startsWith('.fullmakt')) return;
    const at = performance.now();
    since ??= at;
    clearTimeout(quiet);
    quiet = setTimeout(fire, Math.max(0, Math.min(QUIET_MILLISECONDS, since + LATEST_MILLISECONDS - at)));
  };
  const unfollow = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  const reread = setInterval(fire, options.rereadSeconds * 1000);
  reread.unref();
  return {
    follow(folders) {
      for (const folder of watchers.keys()) if (!folders.includes(folder)) unfollow(folder);
      for (const folder of folders) {
        if (watchers.has(folder)) continue;
        const watcher = openWatcher(folder, noticed);
        if (watcher === undefined) continue;
        watcher.on('error', () => unfollow(folder));
        watchers.set(folder, watcher);
      }
    },
    close() {
      clearInterval(reread);
      clearTimeout(quiet);
      for (const folder of watchers.keys()) unfollow(folder);
    },
  };
}

/** A folder that is gone is found again by the regular read. */
function openWatcher(folder: string, noticed: (name: string | null) => void): FSWatcher | undefined {
  try {
    return watch(folder, { persistent: false }, (_event, name) => noticed(name));
  } catch {
    return undefined;
  }
}
