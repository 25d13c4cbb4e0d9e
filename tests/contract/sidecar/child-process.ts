import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { quietPort } from './quiet-port.ts';
import type { Case } from './case.ts';
import { environment } from './environment.ts';
import type { Implementation, World } from './implementation.ts';
import type { Keys } from './keys.ts';
import { startProvider } from './provider.ts';
import { isDaemon } from './read-case.ts';
import { constants, prepare, scriptFor } from './constants.ts';
import { settle } from './settle.ts';
import { CaseFault } from './shape.ts';
import { createSurroundings } from './surroundings.ts';

/** Clocks of two processes on one machine, read a moment apart. */
const BLUR_SECONDS = 2;
const START_MILLISECONDS = 20_000;

/** The clock of this machine, in seconds since the epoch. */
export const now = (): number => Date.now() / 1000;

/** A sidecar that a command starts: one process for all cases with the same variables, and one for each that needs a new one. */
export function childProcess(command: readonly string[], keys: Keys): Implementation {
  let kept: { readonly variables: string; readonly world: World } | undefined;
  const drop = async (): Promise<void> => {
    await kept?.world.close();
    kept = undefined;
  };
  return {
    name: 'as a command',
    concurrency: 1,
    blurSeconds: BLUR_SECONDS,
    cannot: ({ clock }) => (clock === 'moved' ? 'needs a clock that can be moved' : undefined),
    async open(one) {
      const variables = JSON.stringify(one.env);
      if (one.fresh) {
        const world = await startWorld(command, keys, one);
        return { world, release: () => world.close() };
      }
      if (kept?.variables !== variables) {
        await drop();
        kept = { variables, world: await startWorld(command, keys, one) };
      } else await begin(kept.world, one);
      const { world } = kept;
      return { world, release: () => (disturbs(one) ? settle(world) : Promise.resolve()) };
    },
    close: drop,
  };
}

/** Whether a case may leave a sidecar wary of its providers. */
export function disturbs({ provider, steps }: Case): boolean {
  return provider.token !== undefined || steps.some(({ kind }) => kind === 'provider');
}

/** Tells the provider of a world that runs already that another case begins. */
export async function begin({ provider, keys }: World, one: Case): Promise<void> {
  provider.begin(await scriptFor(one.provider, constants({ keys, origin: provider.origin, now })));
}

async function startWorld(command: readonly string[], keys: Keys, one: Case): Promise<World> {
  const provider = await startProvider(keys, { port: 0, now });
  const { origin } = provider;
  const surroundings = createSurroundings();
  const give = constants({ keys, origin, now, surroundings });
  provider.begin(await scriptFor(one.provider, give));
  const further = await prepare(one, give, surroundings);
  const address = `127.0.0.1:${await quietPort()}`;
  const common = isDaemon(one.env) ? {} : { ...environment(origin, keys), BIND_ADDRESS: address };
  const child = start(command, { ...common, ...further });
  // A daemon has no API of its own, but tells of itself.
  const base = `http://${isDaemon(one.env) ? further['PROBE_BIND_ADDRESS'] : address}`;
  const close = async (): Promise<void> => {
    await end(child);
    await provider.close();
    await surroundings.close();
  };
  try {
    await untilItAnswers(base, START_MILLISECONDS, () => child.exitCode === null && child.signalCode === null);
  } catch (error) {
    await close();
    throw error;
  }
  return { base, provider, keys, surroundings, now, close };
}

function start([command, ...args]: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  if (command === undefined) throw new CaseFault('COMMAND is empty');
  return spawn(command, args, { env: { PATH: process.env['PATH'], ...env }, stdio: 'ignore' });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

/** Waits for an answer, whatever it says. Throws Error when there is none in time. */
export async function untilItAnswers(
  base: string,
  milliseconds: number,
  isAlive: () => boolean = () => true,
): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (performance.now() < deadline && isAlive()) {
    const answered = await fetch(`${base}/api/v1/token`, { method: 'POST' }).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await pause(20);
  }
  throw new Error(`nothing answers at ${base}`);
}
