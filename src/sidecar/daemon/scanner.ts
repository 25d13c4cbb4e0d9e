import { join } from 'node:path';
import type { Emit } from '../../observe/events.ts';
import type { SidecarEvent } from '../events.ts';
import { fingerprintOf, readAppFolder } from './app-folder.ts';
import type { HostedApps } from './hosted-apps.ts';
import { listApps } from './list-apps.ts';

/** Folders that are read at one time; each is a few dozen files. */
const AT_ONCE = 8;

/** Keeps applications at what their folders say. */
export interface Scanner {
  /** Looks at every folder and settles what changed; joins a look that has not begun yet. Never rejects. */
  scan(): Promise<void>;
  /** What to watch for changes. */
  folders(): Iterable<string>;
  /** Whether all folders were looked at once, and why that was not possible now. */
  state(): { readonly hasRead: boolean; readonly problem: string | undefined };
  close(): Promise<void>;
}

/** Looks at the folders below `root` when told to. What keeps it from that is told once, and the applications stay as they are. */
export function createScanner(root: string, apps: HostedApps, emit: Emit<SidecarEvent>): Scanner {
  const seen = new Map<string, string>();
  let folders: readonly string[] = [root];
  let hasRead = false;
  let problem: string | undefined;
  let running: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;
  const stop = new AbortController();
  const ended = (): boolean => stop.signal.aborted;

  async function look(some: readonly (readonly [name: string, folder: string])[]): Promise<void> {
    const looks = await Promise.all(
      some.map(async ([name, folder]) => {
        const fingerprint = await fingerprintOf(folder);
        // Whoever was refused may be well without a change: the place is free, the file can be read.
        if (seen.get(name) === fingerprint && !apps.refused.has(name)) return [];
        return [{ name, folder, fingerprint, found: await readAppFolder(folder) }];
      }),
    );
    // One after the other, so that of two that claim one place always the same is first.
    for (const { name, folder, fingerprint, found } of looks.flat()) {
      if (ended()) return;
      seen.set(name, fingerprint);
      await apps.settle(name, folder, found);
    }
  }

  async function scanOnce(): Promise<void> {
    try {
      const listed = await listApps(root, seen.size > 0);
      problem = undefined;
      folders = [
        root,
        ...listed.namespaces,
        ...[...listed.apps.values()].flatMap((app) => [app, join(app, 'sidecar')]),
      ];
      for (const name of [...seen.keys()].filter((each) => !listed.apps.has(each))) {
        seen.delete(name);
        apps.remove(name);
      }
      const waiting = [...listed.apps];
      for (let at = 0; at < waiting.length && !ended(); at += AT_ONCE) {
        await look(waiting.slice(at, at + AT_ONCE));
      }
      hasRead = true;
    } catch (error) {
      const said = error instanceof Error ? error.message : 'it cannot be read';
      if (said !== problem) emit({ event: 'sidecar.reload', outcome: 'failure', problems: said });
      problem = said;
    }
  }

  async function after(before: Promise<void>): Promise<void> {
    await before;
    queued = undefined;
    if (!ended()) await scanOnce();
  }

  return {
    scan() {
      queued ??= after(running);
      running = queued;
      return running;
    },
    folders: () => folders,
    state: () => ({ hasRead, problem }),
    async close() {
      stop.abort();
      await running;
    },
  };
}
