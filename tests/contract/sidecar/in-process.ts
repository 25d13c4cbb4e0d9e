import { readSettings } from '../../../src/settings.ts';
import { createSidecar } from '../../../src/sidecar/app.ts';
import { sidecarSettings } from '../../../src/sidecar/config.ts';
import { serve } from '../../../src/web/serve.ts';
import type { Case } from './case.ts';
import { environment } from './environment.ts';
import type { Implementation, World } from './implementation.ts';
import type { Keys } from './keys.ts';
import { startProvider } from './provider.ts';
import { constants, scriptFor } from './run-case.ts';
import { resolve } from './templates.ts';
import { textsByName } from './shape.ts';

const START = 1_800_000_000;
/** Cases wait more than they work. */
const CONCURRENCY = 8;

/** Our own sidecar within this process, one for each case, with a clock that cases move. */
export function inProcess(keys: Keys): Implementation {
  return {
    name: 'in process',
    concurrency: CONCURRENCY,
    blurSeconds: 0,
    cannot: () => undefined,
    async open(one) {
      const world = await openWorld(one, keys);
      return { world, release: () => world.close() };
    },
    close: () => Promise.resolve(),
  };
}

async function openWorld(one: Case, keys: Keys): Promise<World> {
  let clock = START;
  const now = (): number => clock;
  const provider = await startProvider(keys, { port: 0, now });
  const { origin } = provider;
  const give = constants({ keys, origin, now });
  provider.begin(await scriptFor(one.provider, give));
  const further = textsByName(await resolve(one.env, give), one.id);
  const env = { ...environment(origin, keys), BIND_ADDRESS: '127.0.0.1:0', ...further };
  const settings = readSettings(sidecarSettings, env);
  if (!settings.ok) throw new Error(settings.problems.join('; '));
  const program = await createSidecar(settings.settings, {
    fetch: (url, init) => fetch(url, init),
    now,
    emit: () => {},
  });
  const [spec] = program.listeners;
  if (spec === undefined) throw new Error('the sidecar has no listener');
  const listener = await serve(spec);
  await program.start?.();
  return {
    base: listener.origin,
    provider,
    keys,
    now,
    advance: (seconds) => {
      clock += seconds;
    },
    async close() {
      await listener.close(0);
      await program.close();
      await provider.close();
    },
  };
}
