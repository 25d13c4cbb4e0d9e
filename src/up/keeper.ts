import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../settings.ts';
import type { KeeperNews, KeeperOrder, Launch } from './keeper-protocol.ts';

/** The dev processes of `up`, seen from `up`. */
export interface Keeper {
  /** Starts the app's dev command, or starts it anew with this launch. */
  start(app: string, launch: Launch): void;
  stop(app: string): void;
  /** Ends every dev process and the keeper itself; resolves when they are gone. */
  close(): Promise<void>;
}

/**
 * Forks the keeper process: detached, so that it outlives a kill -9 of `up` just long enough to clean up. The state folder is
 * its only argument, for whoever reads the process table.
 */
export function startKeeper(stateDir: string, env: Environment, onNews: (news: KeeperNews) => void): Keeper {
  // As this file ends: `.js` where the program is built.
  const file = fileURLToPath(new URL(`keeper-main${extname(import.meta.url)}`, import.meta.url));
  const child = fork(file, [stateDir], {
    detached: true,
    env,
    // Flags of this process are not the keeper's: those of a test runner or a profiler write files over.
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  child.on('message', (news: KeeperNews) => onNews(news));
  const order = (what: KeeperOrder): void => {
    // A keeper that is gone takes no orders; its exit is what tells.
    if (child.connected) child.send(what, () => {});
  };
  return {
    start: (app, launch) => order({ kind: 'start', app, launch }),
    stop: (app) => order({ kind: 'stop', app }),
    close: () => {
      if (child.connected) child.disconnect();
      return gone;
    },
  };
}
