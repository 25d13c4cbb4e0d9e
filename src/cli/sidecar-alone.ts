import type { Clock } from '../oauth/time.ts';
import { createObserver } from '../observe/observer.ts';
import { createSidecar } from '../sidecar/app.ts';
import { sidecarEvents } from '../sidecar/events.ts';
import { createClosers } from '../up/closers.ts';
import type { Closers } from '../up/closers.ts';
import { openAll } from '../up/listening.ts';
import { createOutboundFetch } from '../web/outbound-fetch.ts';
import type { Notice } from './notices.ts';
import type { SidecarSetUp } from './sidecar-settings.ts';

/** A sidecar in this process. */
export interface RunningSidecar {
  /** Where it listens, by the name of the listener: what a port 0 became, or `unix:` and a path. */
  readonly origins: Readonly<Record<string, string>>;
  /** Reads credentials again, as they do from time to time. */
  readAgain(): void;
  /** Not ready any more; finishes what was begun and lets go of everything. */
  close(): Promise<void>;
}

/** What a start is told besides its settings. */
interface Surroundings {
  readonly notice: Notice;
  /** Settles when the process is asked to end: a start that still waits for providers waits no more. */
  readonly ending: Promise<unknown>;
}

const now: Clock = () => Date.now() / 1000;
/** How long requests that were begun may take to end. */
const GRACE_SECONDS = 29;
/** Listeners open then, whatever the providers do. */
const FIRST_LOAD_SECONDS = 5;

/** Starts the sidecar, providers away or not; rejects with everything closed again when it cannot. */
export async function startSidecarAlone(setUp: SidecarSetUp, surroundings: Surroundings): Promise<RunningSidecar> {
  const closers = createClosers();
  try {
    return await open(setUp, surroundings, closers);
  } catch (error) {
    await closers.close().catch(() => {});
    throw error;
  }
}

async function open(
  { config, server, reload }: SidecarSetUp,
  { ending }: Surroundings,
  closers: Closers,
): Promise<RunningSidecar> {
  const opened = <T extends { close(): unknown }>(thing: T): T => {
    closers.add(() => thing.close());
    return thing;
  };
  const observer = opened(createObserver({ level: server.logLevel ?? 'info', now }));
  const outbound = opened(createOutboundFetch());
  const drain = { begun: false };
  const program = opened(
    await createSidecar(config, {
      fetch: outbound.fetch,
      now,
      emit: observer.emitter('sidecar', sidecarEvents),
      metrics: () => observer.metrics(),
      accepting: () => !drain.begun,
      reload,
    }),
  );
  await firstOf([program.start?.() ?? Promise.resolve(), ending], FIRST_LOAD_SECONDS);
  const listening = await openAll(program.listeners, GRACE_SECONDS);
  closers.add(() => listening.close());
  return {
    origins: Object.fromEntries(listening.listeners.map(({ name, origin }) => [name, origin])),
    readAgain: () => void program.readAgain(),
    async close() {
      drain.begun = true;
      await closers.close();
    },
  };
}

/** Settles when one of these has, well or badly, or after so long. */
async function firstOf(these: readonly Promise<unknown>[], seconds: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, seconds * 1000);
  await Promise.race([...these, late.promise]).catch(() => {});
  clearTimeout(timer);
}
