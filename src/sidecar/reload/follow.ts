import type { Clock } from '../../oauth/time.ts';
import type { Emit } from '../../observe/events.ts';
import type { Environment } from '../../settings.ts';
import { readSettings } from '../../settings.ts';
import type { Application } from '../application.ts';
import { sidecarSettings } from '../config.ts';
import type { SidecarConfig } from '../config.ts';
import type { SidecarEvent } from '../events.ts';
import { SidecarMisconfigured } from './judge-config.ts';
import { needRestart } from './need-restart.ts';
import type { FolderVariables } from './variable-folder.ts';

/** How it stands with the configuration of an application that runs. */
interface ReloadState {
  /** What came of the last reading that found something else than before; `none` while there was none. */
  readonly outcome: 'none' | 'success' | 'failure';
  /** Seconds since the epoch of that. */
  readonly at?: number;
  /** Why the configuration before is still the one in force. */
  readonly problems: readonly string[];
  /** Variables that have changed and cannot take effect before the program is started anew. */
  readonly restart: readonly string[];
}

/** Keeps an application at what its folders say. */
export interface Follower {
  /** Reads, judges and takes over what is new; a bad configuration changes nothing. Never rejects. */
  readAgain(): Promise<void>;
  /** The same, at most once a second, for whoever is told by others to ask. */
  readAgainForClient(): Promise<void>;
  /** The member `reload` of readiness (sidecar-sdk.md 3.9). */
  shown(): object;
}

/** What following one application takes. */
export interface FollowerOptions {
  /** What lies beneath the folders. */
  readonly env: Environment;
  readonly read: () => Promise<FolderVariables>;
  readonly application: Pick<Application, 'reconfigure'>;
  /** With what it was started. */
  readonly config: SidecarConfig;
  /** What the folders said then. */
  readonly variables: Readonly<Record<string, string>>;
  readonly now: Clock;
  readonly emit: Emit<SidecarEvent>;
}

const CLIENT_PAUSE_SECONDS = 1;

/** Follows what `read` says from now on; when to read is for others to say. */
export function followConfiguration(options: FollowerOptions): Follower {
  const { now, emit, application } = options;
  let state: ReloadState = { outcome: 'none', problems: [], restart: [] };
  let inForce = fingerprint(options.variables);
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;

  function refuse(problems: readonly string[]): void {
    // Told once, not with every reading until somebody has mended it.
    const isNews = state.outcome !== 'failure' || state.problems.join() !== problems.join();
    state = { ...state, outcome: 'failure', at: isNews ? now() : (state.at ?? now()), problems };
    if (isNews) emit({ event: 'sidecar.reload', outcome: 'failure', problems: problems.join('; ') });
  }

  function accept(restart: readonly string[]): void {
    state = { outcome: 'success', at: now(), problems: [], restart };
    const problems = restart.length === 0 ? {} : { problems: `after a restart only: ${restart.join(', ')}` };
    emit({ event: 'sidecar.reload', outcome: 'success', ...problems });
  }

  async function readOnce(): Promise<void> {
    const { variables, problems } = await options.read();
    if (problems.length > 0) return refuse(problems);
    const found = fingerprint(variables);
    if (found === inForce) {
      if (state.outcome === 'failure') accept(state.restart);
      return;
    }
    const settings = readSettings(sidecarSettings, { ...options.env, ...variables });
    if (!settings.ok) return refuse(settings.problems);
    application.reconfigure(settings.settings);
    inForce = found;
    accept(needRestart(options.config, settings.settings));
  }

  async function guarded(): Promise<void> {
    try {
      await readOnce();
    } catch (error) {
      if (error instanceof SidecarMisconfigured) return refuse(error.problems);
      refuse(['a fault of the sidecar kept the configuration from being read']);
      emit({ event: 'sidecar.bug', error, cid: '' });
    }
  }

  /** Whoever asks while a reading is under way may know of something that it has missed. */
  function readAgain(): Promise<void> {
    if (running === undefined) {
      running = guarded().finally(() => {
        running = undefined;
      });
      return running;
    }
    queued ??= running.then(() => {
      queued = undefined;
      return readAgain();
    });
    return queued;
  }

  return {
    readAgain,
    async readAgainForClient() {
      if (now() - askedAt < CLIENT_PAUSE_SECONDS) return running;
      askedAt = now();
      return readAgain();
    },
    shown: () => show(state),
  };
}

function show({ outcome, at, problems, restart }: ReloadState): object {
  return {
    outcome,
    ...(at === undefined ? {} : { at: new Date(at * 1000).toISOString() }),
    ...(problems.length === 0 ? {} : { problems }),
    ...(restart.length === 0 ? {} : { needs_restart: restart }),
  };
}

function fingerprint(variables: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(variables).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
