import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createLogin } from '../login/app.ts';
import { loginEvents } from '../login/figures/wonderwall.ts';
import type { Clock } from '../oauth/time.ts';
import { createObserver } from '../observe/observer.ts';
import { openTracer } from '../observe/tracing-otlp.ts';
import { createClosers } from '../up/closers.ts';
import type { Closers } from '../up/closers.ts';
import { openAll } from '../up/listening.ts';
import type { Running } from '../up/listening.ts';
import { createOutboundFetch } from '../web/outbound-fetch.ts';
import { createSealer } from '../web/seal.ts';
import type { ListenerSpec } from '../web/serve.ts';
import { findSessionKeys, watchKeysFile } from './login-keys.ts';
import type { LoginSetUp } from './login-settings.ts';
import type { Notice } from './notices.ts';
import { openLoginStore } from './login-store.ts';
import type { LoginSummary } from './login-summary.ts';

/** A login proxy in this process. */
export interface RunningLogin {
  readonly origins: LoginSummary['origins'];
  /** Reads the file of session keys again, where there is one. */
  readKeysAgain(): void;
  /** Not ready any more; then, after the wait of the settings, finishes what was begun and lets go of everything. */
  close(): Promise<void>;
}

const now: Clock = () => Date.now() / 1000;
/** The longest that anybody asks a provider for; most ask for less. */
const CALL_SECONDS = 20;

/** Starts the proxy, provider and store away or not; rejects with everything closed again when it cannot. */
export async function startLoginAlone(setUp: LoginSetUp, notice: Notice, cwd: string): Promise<RunningLogin> {
  const closers = createClosers();
  try {
    return await open({ setUp, notice, cwd }, closers);
  } catch (error) {
    await closers.close().catch(() => {});
    throw error;
  }
}

async function open(
  { setUp, notice, cwd }: { readonly setUp: LoginSetUp; readonly notice: Notice; readonly cwd: string },
  closers: Closers,
): Promise<RunningLogin> {
  const { config, server } = setUp;
  const opened = <T extends { close(): unknown }>(thing: T): T => {
    closers.add(() => thing.close());
    return thing;
  };
  const { logLevel: level, logFormat: format, auditFile } = server;
  if (auditFile !== undefined) mkdirSync(dirname(auditFile), { recursive: true });
  const observer = opened(createObserver({ level, format, now, ...(auditFile === undefined ? {} : { auditFile }) }));
  const store = opened(await openLoginStore(server, { now, notice }));
  const sealer = createSealer(findSessionKeys(config, server, cwd));
  const { sessionKeysFile } = server;
  const keys =
    sessionKeysFile === undefined ? undefined : opened(watchKeysFile(sessionKeysFile, sealer.replace, notice));
  const outbound = opened(createOutboundFetch({ totalSeconds: CALL_SECONDS }));
  const drain = { begun: false };
  const program = await createLogin(config, {
    store,
    sealer,
    fetch: outbound.fetch,
    now,
    emit: observer.emitter(
      'login',
      loginEvents({ wonderwallNames: config.metrics.wonderwallNames, provider: config.providers[0].kind.name }),
    ),
    within: (fields, work) => observer.within(fields, work),
    tracer: await openTracer({ ...config.otel, onLoss: (reason) => notice(`spans were lost: ${reason}`) }),
    metrics: () => observer.metrics(),
    auditReady: () => observer.auditReady(),
    accepting: () => !drain.begun,
  });
  const { waitSeconds, graceSeconds } = config.shutdown;
  const health: { running?: Running } = {};
  // Health is told to the last, so that whoever watches sees why nothing else answers.
  closers.add(() => health.running?.close());
  opened(program);
  health.running = await openAll(program.listeners.slice(1));
  const proxy = await openAll(program.listeners.slice(0, 1), graceSeconds - waitSeconds);
  closers.add(() => proxy.close());
  await program.start?.();
  return {
    origins: originsOf(program.listeners, proxy, health.running),
    readKeysAgain: () => keys?.again(),
    async close() {
      drain.begun = true;
      await delay(waitSeconds);
      await closers.close();
    },
  };
}

function originsOf(specs: readonly ListenerSpec[], proxy: Running, health: Running): LoginSummary['origins'] {
  const named = (name: string): string | undefined => {
    const at = specs.slice(1).findIndex((spec) => spec.name === name);
    return health.listeners[at]?.origin;
  };
  const metrics = named('login metrics');
  const probes = named('login probes');
  return {
    proxy: proxy.listeners[0]?.origin ?? '',
    ...(metrics === undefined ? {} : { metrics }),
    ...(probes === undefined ? {} : { probes }),
  };
}

async function delay(seconds: number): Promise<void> {
  if (seconds > 0) await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
