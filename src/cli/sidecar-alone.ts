import type { Clock } from '../oauth/time.ts';
import type { TokenEndpointLimits } from '../oauth/token-endpoint/token-endpoint.ts';
import type { Emit } from '../observe/events.ts';
import { createObserver } from '../observe/observer.ts';
import type { Observer } from '../observe/observer.ts';
import type { Environment } from '../settings.ts';
import { createSidecar } from '../sidecar/app.ts';
import type { SidecarProgram } from '../sidecar/app.ts';
import type { SidecarConfig } from '../sidecar/config.ts';
import { createSidecarDaemon } from '../sidecar/daemon/daemon.ts';
import type { DaemonDependencies, SidecarDaemon } from '../sidecar/daemon/daemon.ts';
import { eventsLabelledByApp } from '../sidecar/daemon/labelled-by-app.ts';
import { sidecarEvents } from '../sidecar/events.ts';
import type { SidecarEvent } from '../sidecar/events.ts';
import { createClosers } from '../up/closers.ts';
import type { Closers } from '../up/closers.ts';
import { openAll } from '../up/listening.ts';
import type { Running } from '../up/listening.ts';
import { callLimits, logLevelOf } from '../sidecar/server-config.ts';
import type { CallLimits } from '../sidecar/server-config.ts';
import { traceCalls } from '../sidecar/tracing.ts';
import type { ListenerSpec } from '../web/serve.ts';
import { watchStalls } from '../web/stall-watch.ts';
import type { Notice } from './notices.ts';
import { openSidecarOutbound } from './sidecar-outbound.ts';
import type { SidecarSetUp } from './sidecar-settings.ts';
import { openSidecarTelemetry } from './sidecar-telemetry.ts';

/** A sidecar in this process. */
export interface RunningSidecar {
  /** Where it listens, by the name of the listener: what a port 0 became, or `unix:` and a path. */
  readonly origins: Readonly<Record<string, string>>;
  /** Of a daemon: the applications it serves, and those it does not. */
  readonly apps?: SidecarDaemon['apps'];
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
const GRACE_SECONDS = 25;
/** So long every answer is the last on its connection: whoever is busy has left by then, and is not cut in the act of asking. */
const LAST_REQUESTS_MS = 500;
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
  { notice, ending }: Surroundings,
  closers: Closers,
): Promise<RunningSidecar> {
  const opened = <T extends { close(): unknown }>(thing: T): T => {
    closers.add(() => thing.close());
    return thing;
  };
  const observer = opened(createObserver({ level: logLevelOf(server), now }));
  const { limits } = callLimits(server);
  const outbound = opened(openSidecarOutbound(limits, server, config.appsDir === undefined ? 'alone' : 'daemon'));
  const telemetry = await openSidecarTelemetry(server, observer, notice);
  if (telemetry !== undefined) opened(telemetry);
  const tracer = telemetry?.tracer;
  const stalls = opened(watchStalls());
  const drain = { begun: false };
  const parts = {
    fetch: tracer === undefined ? outbound.fetch : traceCalls(outbound.fetch, tracer),
    now,
    metrics: () => observer.metrics(),
    accepting: () => !drain.begun && !stalls.stalled(),
    tracer,
    limits: tokenLimits(limits),
  };
  const daemon = config.appsDir === undefined ? undefined : createDaemon(config, reload.env, { ...parts, observer });
  const alone = async (): Promise<SidecarProgram> =>
    createSidecar(config, { ...parts, emit: observer.emitter('sidecar', sidecarEvents), reload });
  const program = opened(daemon ?? (await alone()));
  await firstOf([program.start?.() ?? Promise.resolve(), ending], FIRST_LOAD_SECONDS);
  telemetry?.deliver(() => program.tellFigures());
  const [probeSpecs, apiSpecs] = [
    program.listeners.filter(isProbe),
    program.listeners.filter((spec) => !isProbe(spec)),
  ];
  const health: { running?: Running } = {};
  // Probes are told to the last that there is nothing more to come.
  closers.add(() => health.running?.close());
  const api = await openAll(apiSpecs, GRACE_SECONDS);
  closers.add(() => Promise.all([api.close(), daemon?.drain()]));
  health.running = await openAll(probeSpecs);
  const listeners = [...api.listeners, ...health.running.listeners];
  return {
    origins: Object.fromEntries(listeners.map(({ name, origin }) => [name, origin])),
    ...(daemon === undefined ? {} : { apps: daemon.apps }),
    readAgain: () => void program.readAgain(),
    async close() {
      drain.begun = true;
      for (const listener of api.listeners) listener.lastRequests();
      daemon?.lastRequests();
      await new Promise((resolve) => setTimeout(resolve, LAST_REQUESTS_MS));
      await closers.close();
    },
  };
}

type Shared = Omit<DaemonDependencies, 'emitterOf' | 'forget' | 'env'>;

function createDaemon(
  config: SidecarConfig,
  env: Environment,
  { observer, ...parts }: Shared & { readonly observer: Observer },
): SidecarDaemon {
  const table = eventsLabelledByApp();
  const emitterOf = (app = ''): Emit<SidecarEvent> => observer.emitter('sidecar', table, { app });
  const forget = (app: string): void => observer.forget({ app });
  return createSidecarDaemon(config, { ...parts, emitterOf, forget, env, graceSeconds: GRACE_SECONDS });
}

function isProbe({ name }: ListenerSpec): boolean {
  return name === 'sidecar probes';
}

/** A day: no timer can be much longer, and no application waits for so long. */
const LONGEST_REQUEST_MS = 24 * 60 * 60 * 1000;

/** All attempts together may take as long as they all may take. */
function tokenLimits({ tokens, maxRetries }: CallLimits): Partial<TokenEndpointLimits> {
  const { overall, read } = tokens;
  const totalMilliseconds = Math.min(overall * (maxRetries + 1), LONGEST_REQUEST_MS);
  return { attemptMilliseconds: overall, readMilliseconds: read, totalMilliseconds, maxRetries };
}

/** Settles when one of these has, well or badly, or after so long. */
async function firstOf(these: readonly Promise<unknown>[], seconds: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, seconds * 1000);
  await Promise.race([...these, late.promise]).catch(() => {});
  clearTimeout(timer);
}
