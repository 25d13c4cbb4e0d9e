import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../oauth/time.ts';
import type { Emit } from '../../observe/events.ts';
import type { Environment } from '../../settings.ts';
import type { Application } from '../application.ts';
import type { SidecarConfig } from '../config.ts';
import type { SidecarEvent } from '../events.ts';
import { followConfiguration } from './follow.ts';
import type { Follower } from './follow.ts';
import { watchFolders } from './folder-watch.ts';
import type { FolderWatch } from './folder-watch.ts';
import { folderReader } from './secret-folders.ts';
import type { FoldersTogether } from './secret-folders.ts';
import type { Timers } from './timers.ts';
import { realTimers } from './timers.ts';

/** Where a configuration came from, so that it can be read again. */
export interface ReloadSource {
  /** Everything but what the folders say. */
  readonly env: Environment;
  /** What the folders said at the start. */
  readonly variables: FoldersTogether['variables'];
  /** Those that said nothing then. */
  readonly silent: FoldersTogether['silent'];
  /** Timers of the process unless given. */
  readonly timers?: Timers;
}

/** Keeps an application at what its folders say, as long as it runs. */
export interface Reload extends Follower {
  /** Begins to watch. */
  start(): void;
  close(): void;
}

/** What a reload works on. */
export interface ReloadParts {
  readonly config: SidecarConfig;
  readonly application: Pick<Application, 'reconfigure'>;
  readonly now: Clock;
  readonly emit: Emit<SidecarEvent>;
}

/** Follows the folders of FULLMAKT_SIDECAR_SECRET_DIRS (sidecar-sdk.md 3.8). */
export function createReload(source: ReloadSource, parts: ReloadParts): Reload {
  const { env, variables, silent, timers = realTimers } = source;
  const folders = parts.config.secretDirs;
  const reader = folderReader(folders, silent);
  const follower = followConfiguration({ ...parts, env, variables, read: () => reader.read() });
  let watch: FolderWatch | undefined;

  const follow = (): void => watch?.follow(folders.flatMap(withWhatSwaps));
  const readAgain = async (): Promise<void> => {
    await follower.readAgain();
    follow();
  };
  return {
    ...follower,
    readAgain,
    shown() {
      const empty = reader.neverFilled();
      return { ...follower.shown(), ...(empty.length === 0 ? {} : { empty_folders: empty }) };
    },
    start() {
      watch = watchFolders(() => void readAgain(), timers);
      follow();
      // What was written between the first reading and the first watcher.
      void readAgain();
    },
    close() {
      watch?.close();
      watch = undefined;
    },
  };
}

/** A link is swapped in the folder that holds it, and what it leads to can change in place. */
function withWhatSwaps(folder: string): readonly string[] {
  return isLink(folder) ? [folder, dirname(folder)] : [folder];
}

function isLink(folder: string): boolean {
  try {
    return lstatSync(folder).isSymbolicLink();
  } catch {
    // Not there now: it may come back under its name.
    return true;
  }
}
