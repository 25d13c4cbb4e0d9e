import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { readSettings } from '../../settings.ts';
import { serve } from '../../web/serve.ts';
import { sidecarSettings } from '../config.ts';
import { createSidecarDaemon } from '../daemon/daemon.ts';
import type { SidecarDaemon } from '../daemon/daemon.ts';
import type { SidecarEvent } from '../events.ts';
import { manualTimers, writeVariables } from './folders.ts';
import type { ManualTimers } from './folders.ts';
import { START } from './sidecar.ts';

/** An event, and the application it is of; empty for what all share. */
type AppEvent = SidecarEvent & { readonly of: string };

/** A daemon that runs. */
export interface TestDaemon {
  readonly daemon: SidecarDaemon;
  readonly events: readonly AppEvent[];
  readonly clock: { now: number };
  readonly timers: ManualTimers;
  /** URLs that were fetched. */
  readonly fetched: readonly string[];
  /** GET /readyz with this query. */
  readiness(query?: string): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
}

/** Starts one on a folder of applications; it ends with the test. */
export async function startDaemon(
  t: TestContext,
  root: string,
  env: Readonly<Record<string, string>> = {},
): Promise<TestDaemon> {
  const said = { FULLMAKT_SIDECAR_APPS_DIR: root, PROBE_BIND_ADDRESS: '127.0.0.1:0', ...env };
  const settings = readSettings(sidecarSettings, said);
  if (!settings.ok) throw new Error(settings.problems.join('; '));
  const events: AppEvent[] = [];
  const fetched: string[] = [];
  const clock = { now: START };
  const timers = manualTimers();
  const daemon = createSidecarDaemon(settings.settings, {
    fetch: (url, init) => {
      fetched.push(url);
      return fetch(url, init);
    },
    now: () => clock.now,
    emitterOf:
      (app = '') =>
      (event) => {
        events.push({ ...event, of: app });
      },
    env: said,
    timers,
    graceSeconds: 5,
  });
  await daemon.start?.();
  // A start looks twice, and the second time is not waited for: what a test does to folders is to be seen by its own looks alone.
  await daemon.readAgain();
  const listeners = await Promise.all(daemon.listeners.map(serve));
  t.after(async () => {
    await Promise.all(listeners.map((each) => each.close(0)));
    await daemon.close();
  });
  return {
    daemon,
    events,
    clock,
    timers,
    fetched,
    async readiness(query = '') {
      const response = await fetch(`${listeners[0]?.origin}/readyz${query}`);
      const text = await response.text();
      const body: Record<string, unknown> = text === '' ? {} : JSON.parse(text);
      return { status: response.status, body };
    },
  };
}

/** Writes the folder of an application as the registrar does: `env` replaced whole, `sidecar` a link that is moved. */
export async function writeApp(
  folder: string,
  env: Readonly<Record<string, string>>,
  credentials: Readonly<Record<string, string>>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const target = `.sidecar-${randomUUID()}`;
  await writeVariables(join(folder, target), credentials);
  await symlink(target, join(folder, '.sidecar.tmp'));
  await rename(join(folder, '.sidecar.tmp'), join(folder, 'sidecar'));
  const lines = Object.entries(env).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(join(folder, 'env.tmp'), lines.join(''));
  await rename(join(folder, 'env.tmp'), join(folder, 'env'));
}
