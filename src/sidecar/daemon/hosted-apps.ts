import type { Emit } from '../../observe/events.ts';
import type { Environment } from '../../settings.ts';
import type { SidecarDependencies } from '../app.ts';
import { SidecarMisconfigured } from '../application.ts';
import type { SidecarEvent } from '../events.ts';
import type { Issuers } from '../reload/issuers.ts';
import type { FolderVariables } from '../reload/variable-folder.ts';
import type { AppPlace } from './app-place.ts';
import { placeOf } from './app-place.ts';
import { hostApp } from './hosted-app.ts';
import type { HostedApp } from './hosted-app.ts';

/** What hosting applications takes. */
export interface HostingDependencies extends Omit<SidecarDependencies, 'emit' | 'reload'> {
  /** Tells what happens to one application; without a name, what all share. */
  readonly emitterOf: (app?: string) => Emit<SidecarEvent>;
  /** Drops the figures of an application that is no more. */
  readonly forget?: (app: string) => void;
  readonly issuers: Issuers;
  /** The operator's settings, beneath those of each application. */
  readonly env: Environment;
  /** Whether a place is the daemon's own. */
  readonly isReserved?: (claim: string) => boolean;
  /** How long requests of an application that goes away may take to end. */
  readonly graceSeconds: number;
}

/** The applications that are served now, and why others are not. */
export interface HostedApps {
  readonly hosted: ReadonlyMap<string, HostedApp>;
  /** By name; of an application that is also hosted, why it is still as it was. */
  readonly refused: ReadonlyMap<string, readonly string[]>;
  /** Makes it what was found in its folder: opened, changed, moved, left alone, or refused. Never rejects. */
  settle(name: string, folder: string, found: FolderVariables): Promise<void>;
  /** Its folder is gone. */
  remove(name: string): void;
  /** Ends all of them, and waits for those that are ending. */
  close(): Promise<void>;
}

/** Keeps applications apart: one place is one application, and the first that has it keeps it. */
export function createHostedApps(dependencies: HostingDependencies): HostedApps {
  const { emitterOf, forget = () => {}, graceSeconds, isReserved = () => false } = dependencies;
  const hosted = new Map<string, HostedApp>();
  const refused = new Map<string, readonly string[]>();
  const ending = new Set<Promise<void>>();
  const tell = emitterOf();
  let isEnd = false;

  function refuse(name: string, problems: readonly string[]): void {
    const isNews = refused.get(name)?.join() !== problems.join();
    refused.set(name, problems);
    if (isNews) tell({ event: 'sidecar.app', app: name, outcome: 'refused', problems: problems.join('; ') });
  }

  function end(name: string, app: HostedApp): void {
    const done = app.close(graceSeconds).finally(() => {
      ending.delete(done);
      // One that has moved, or is back already, goes on counting; at the end of all, figures are still to be delivered.
      if (!hosted.has(name) && !isEnd) forget(name);
    });
    ending.add(done);
  }

  function remove(name: string): void {
    refused.delete(name);
    const app = hosted.get(name);
    if (app === undefined) return;
    hosted.delete(name);
    end(name, app);
    tell({ event: 'sidecar.app', app: name, outcome: 'closed' });
  }

  async function open(name: string, folder: string, found: { place: AppPlace; variables: Environment }): Promise<void> {
    const before = hosted.get(name);
    // A place that overlaps the one before has to be free first.
    if (before?.place.claims.some((claim) => found.place.claims.includes(claim)) === true) remove(name);
    const app = await hostApp({ ...dependencies, emit: emitterOf(name), folder, ...found });
    const old = hosted.get(name);
    hosted.set(name, app);
    if (old !== undefined) end(name, old);
    tell({ event: 'sidecar.app', app: name, outcome: 'opened' });
  }

  async function settleOnce(name: string, folder: string, found: FolderVariables): Promise<void> {
    const { variables, problems } = found;
    const before = hosted.get(name);
    if (problems.length > 0) {
      await before?.readAgain();
      return refuse(name, problems);
    }
    const place = placeOf(variables);
    if (place === undefined) return remove(name);
    if (typeof place === 'string') return refuse(name, [place]);
    const taken = claimed(place, name, { hosted, isReserved });
    if (taken !== undefined) return refuse(name, [taken]);
    if (before?.place.claims.join() === place.claims.join()) await before.readAgain();
    else await open(name, folder, { place, variables });
    refused.delete(name);
  }

  return {
    hosted,
    refused,
    remove,
    async settle(name, folder, found) {
      try {
        await settleOnce(name, folder, found);
      } catch (error) {
        if (error instanceof SidecarMisconfigured) return refuse(name, error.problems);
        refuse(name, ['a fault of the sidecar keeps it from being served']);
        emitterOf(name)({ event: 'sidecar.bug', error, cid: '' });
      }
    },
    async close() {
      isEnd = true;
      for (const name of hosted.keys()) remove(name);
      await Promise.all(ending);
    },
  };
}

/** Who but this application has the place already, in words. */
function claimed(
  { claims, variable }: AppPlace,
  name: string,
  { hosted, isReserved }: Pick<HostedApps, 'hosted'> & Required<Pick<HostingDependencies, 'isReserved'>>,
): string | undefined {
  const own = claims.find(isReserved);
  if (own !== undefined) return `${variable} names ${own}, which is the place of probes`;
  for (const [other, { place }] of hosted) {
    const claim = other === name ? undefined : place.claims.find((each) => claims.includes(each));
    if (claim !== undefined) return `${variable} names ${claim}, which is the place of ${other}`;
  }
  return undefined;
}
