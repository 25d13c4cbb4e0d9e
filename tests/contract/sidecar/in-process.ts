import assert from 'node:assert/strict';
import { readSettings } from '../../../src/settings.ts';
import { createSidecar } from '../../../src/sidecar/app.ts';
import type { SidecarProgram } from '../../../src/sidecar/app.ts';
import { sidecarSettings } from '../../../src/sidecar/config.ts';
import { createSidecarDaemon } from '../../../src/sidecar/daemon/daemon.ts';
import { readFoldersNamedIn } from '../../../src/sidecar/reload/secret-folders.ts';
import { serve } from '../../../src/web/serve.ts';
import type { Case } from './case.ts';
import { constants, prepare, scriptFor } from './constants.ts';
import { environment } from './environment.ts';
import type { Implementation, World } from './implementation.ts';
import type { Keys } from './keys.ts';
import { startProvider } from './provider.ts';
import { isDaemon } from './read-case.ts';
import { createSurroundings } from './surroundings.ts';

const START = 1_800_000_000;
/** Cases wait more than they work. */
const CONCURRENCY = 8;

/** Our own sidecar within this process, one for each case, with a clock that cases move. */
export function inProcess(keys: Keys): Implementation {
  return {
    name: 'in process',
    concurrency: CONCURRENCY,
    blurSeconds: 0,
    cannot: (one) => (needsProcess(one) ? 'needs a process of its own' : undefined),
    async open(one) {
      const world = await openWorld(one, keys);
      return { world, release: () => world.close() };
    },
    close: () => Promise.resolve(),
  };
}

/** What only the command has: outbound calls by its own client, and figures. */
function needsProcess({ env, steps }: Case): boolean {
  const isTuned = Object.keys(env).some((name) => name.startsWith('TEXAS_HTTP_'));
  return (
    isTuned ||
    steps.some((step) => step.kind === 'exchange' && step.request.at !== undefined && step.request.path === '/metrics')
  );
}

async function openWorld(one: Case, keys: Keys): Promise<World> {
  let clock = START;
  const now = (): number => clock;
  const provider = await startProvider(keys, { port: 0, now });
  const { origin } = provider;
  const surroundings = createSurroundings();
  const give = constants({ keys, origin, now, surroundings });
  provider.begin(await scriptFor(one.provider, give));
  const further = await prepare(one, give, surroundings);
  const env = {
    ...(isDaemon(one.env) ? {} : { ...environment(origin, keys), BIND_ADDRESS: '127.0.0.1:0' }),
    ...further,
  };
  const program = await createProgram(env, now);
  // A daemon tells of itself before it has read any folder; one sidecar opens when it has asked for keys.
  const listeners = await Promise.all(program.listeners.map(serve));
  await program.start?.();
  const [first] = listeners;
  assert.ok(first !== undefined, 'the sidecar has no listener');
  return {
    base: first.origin,
    provider,
    keys,
    surroundings,
    now,
    advance: (seconds) => {
      clock += seconds;
    },
    async close() {
      await Promise.all(listeners.map((each) => each.close(0)));
      await program.close();
      await provider.close();
      await surroundings.close();
    },
  };
}

async function createProgram(env: Readonly<Record<string, string>>, now: () => number): Promise<SidecarProgram> {
  const folders = await readFoldersNamedIn(env);
  const settings = readSettings(sidecarSettings, { ...env, ...folders.variables });
  if (!settings.ok) throw new Error(settings.problems.join('; '));
  const parts = { fetch, now };
  if (isDaemon(env))
    return createSidecarDaemon(settings.settings, { ...parts, env, emitterOf: () => () => {}, graceSeconds: 1 });
  return await createSidecar(settings.settings, { ...parts, emit: () => {}, reload: { env, ...folders } });
}
