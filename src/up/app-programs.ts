import { createLogin } from '../login/app.ts';
import { readLoginConfig } from '../login/config.ts';
import { loginEvents } from '../login/figures/wonderwall.ts';
import type { Fetch } from '../oauth/fetch.ts';
import type { Clock } from '../oauth/time.ts';
import { type Environment, readSettings, type SettingsTable } from '../settings.ts';
import { createSidecar } from '../sidecar/app.ts';
import { sidecarSettings } from '../sidecar/config.ts';
import { sidecarEvents } from '../sidecar/events.ts';
import type { Observer } from '../observe/observer.ts';
import type { Store } from '../store/store.ts';
import { listen, type Running, type WarmUp } from './listening.ts';
import { UpError } from './state-folder.ts';
import type { Teller } from './teller.ts';

/** What the programs beside an app share with all others of this `up`. */
export interface AppProgramParts {
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly sessions: Store;
  readonly notice: (line: string) => void;
  /** Settles when everything answers. */
  readonly warm: Promise<unknown>;
  readonly emitter: Teller;
  readonly observer: Pick<Observer, 'within'>;
}

/** The app's sidecar, configured by the variables that the registrar wrote for it. */
export async function startSidecar(app: string, env: Environment, parts: AppProgramParts): Promise<Running> {
  const { fetch, now } = parts;
  const emit = parts.emitter('sidecar', sidecarEvents, app);
  return listen(await createSidecar(settle(app, sidecarSettings, env), { fetch, now, emit }), warmUp(app, parts));
}

/** The app's login proxy, configured likewise. */
export async function startLogin(app: string, env: Environment, parts: AppProgramParts): Promise<Running> {
  const { fetch, now, sessions: store } = parts;
  const read = readLoginConfig(env);
  if (!read.ok) throw new UpError(`${app}: ${read.problems.join('; ')}`);
  for (const warning of read.warnings) parts.notice(`${app}: ${warning}`);
  const { config } = read;
  const { wonderwallNames } = config.metrics;
  const emit = parts.emitter('login', loginEvents({ wonderwallNames, provider: config.providers[0].kind.name }), app);
  const { within } = parts.observer;
  return listen(await createLogin(config, { store, fetch, now, emit, within }), warmUp(app, parts));
}

function warmUp(app: string, { warm, notice }: AppProgramParts): WarmUp {
  return { after: warm, failed: (error) => notice(`${app}: ${String(error)}`) };
}

function settle<T>(app: string, table: SettingsTable<T>, env: Environment): T {
  const result = readSettings(table, env);
  if (result.ok) return result.settings;
  throw new UpError(`${app}: ${result.problems.join('; ')}`);
}
