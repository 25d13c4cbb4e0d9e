import { createLogin } from '../login/app.ts';
import { readLoginConfig } from '../login/config.ts';
import { LOGIN_EVENTS } from '../login/events.ts';
import type { Fetch } from '../oauth/fetch.ts';
import type { Clock } from '../oauth/time.ts';
import { type Environment, readSettings, type SettingsTable } from '../settings.ts';
import { createSidecar } from '../sidecar/app.ts';
import { sidecarSettings } from '../sidecar/config.ts';
import { sidecarEvents } from '../sidecar/events.ts';
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
  const emit = parts.emitter('login', LOGIN_EVENTS, app);
  const config = readLoginConfig(env);
  if (!config.ok) throw new UpError(`${app}: ${config.problems.join('; ')}`);
  for (const warning of config.warnings) parts.notice(`${app}: ${warning}`);
  return listen(await createLogin(config.config, { store, fetch, now, emit }), warmUp(app, parts));
}

function warmUp(app: string, { warm, notice }: AppProgramParts): WarmUp {
  return { after: warm, failed: (error) => notice(`${app}: ${String(error)}`) };
}

function settle<T>(app: string, table: SettingsTable<T>, env: Environment): T {
  const result = readSettings(table, env);
  if (result.ok) return result.settings;
  throw new UpError(`${app}: ${result.problems.join('; ')}`);
}
