import { writeFile } from 'node:fs/promises';
import { begin, disturbs, now, untilItAnswers } from './child-process.ts';
import { environment } from './environment.ts';
import type { Implementation, World } from './implementation.ts';
import type { Keys } from './keys.ts';
import { startProvider } from './provider.ts';
import { hasPlaces } from './read-case.ts';
import { settle, SETTLE_MILLISECONDS } from './settle.ts';

/** Where a sidecar is that somebody else starts, and where that is to find the provider. */
export interface Elsewhere {
  readonly baseUrl: string;
  readonly providerPort: number;
  /** Gets the variables it has to be started with; standard output unless given. */
  readonly envFile?: string | undefined;
}

const BLUR_SECONDS = 3;
const START_MILLISECONDS = 120_000;
const HOPELESS_MILLISECONDS = 500;

/** A sidecar that somebody else starts, once told with which variables: whatever would need a second start is left out. */
export async function elsewhere({ baseUrl, providerPort, envFile }: Elsewhere, keys: Keys): Promise<Implementation> {
  const provider = await startProvider(keys, { port: providerPort, now });
  const lines = Object.entries(environment(provider.origin, keys)).map(([name, value]) => `${name}=${value}\n`);
  if (envFile === undefined) process.stdout.write(lines.join(''));
  else await writeFile(envFile, lines.join(''), { mode: 0o600 });
  const world: World = { base: baseUrl, provider, keys, now, close: () => provider.close() };
  await untilItAnswers(baseUrl, START_MILLISECONDS);
  let patience = SETTLE_MILLISECONDS;
  const recover = async (): Promise<void> => {
    try {
      await settle(world, patience);
    } catch (error) {
      // It is not waited for after every case that what never recovers does.
      patience = HOPELESS_MILLISECONDS;
      throw error;
    }
  };
  return {
    name: 'elsewhere',
    concurrency: 1,
    blurSeconds: BLUR_SECONDS,
    cannot({ clock, fresh, env, files }) {
      if (clock === 'moved') return 'needs a clock that can be moved';
      if (hasPlaces({ env, files })) return 'needs folders or places of its own';
      if (fresh) return 'needs a sidecar that has just started';
      return Object.keys(env).length > 0 ? 'needs settings of its own' : undefined;
    },
    async open(one) {
      await begin(world, one);
      return { world, release: () => (disturbs(one) ? recover() : Promise.resolve()) };
    },
    close: () => world.close(),
  };
}
