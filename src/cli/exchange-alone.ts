import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createExchange } from '../exchange/app.ts';
import { exchangeEventsFor } from '../exchange/compat/compat-telemetry.ts';
import type { Clock } from '../oauth/time.ts';
import { addUpMetrics, type MetricSnapshot } from '../observe/metrics.ts';
import { createObserver, type Observer } from '../observe/observer.ts';
import { registryEvents } from '../registry/events.ts';
import { createClosers } from '../up/closers.ts';
import type { Closers } from '../up/closers.ts';
import { openAll } from '../up/listening.ts';
import { createOutboundFetch } from '../web/outbound-fetch.ts';
import type { ExchangeSettings } from './exchange-settings.ts';
import { openAudit, openRegistry, openReplay, openWrapper } from './exchange-stores.ts';
import { openLine } from './exchange-worker.ts';
import type { Line } from './exchange-worker.ts';

/** A token exchange server in this process. */
export interface RunningExchange {
  /** Where it listens: what a port 0 became. */
  readonly origins: readonly string[];
  /** The other processes of the same port, when there are some. */
  readonly line: Line | undefined;
  /** Not ready any more; then, after the delay of the settings, finishes what was begun and lets go of everything. */
  close(): Promise<void>;
}

const now: Clock = () => Date.now() / 1000;
/** How long requests that were begun may take to end. */
const GRACE_SECONDS = 20;

/** Starts the server; resolves when it listens, rejects with everything closed again when it cannot. */
export async function startExchangeAlone(settings: ExchangeSettings, isWorker: boolean): Promise<RunningExchange> {
  const closers = createClosers();
  try {
    return await open(settings, isWorker, closers);
  } catch (error) {
    await closers.close().catch(() => {});
    throw error;
  }
}

async function open(
  { exchange: config, server }: ExchangeSettings,
  isWorker: boolean,
  closers: Closers,
): Promise<RunningExchange> {
  const opened = <T extends { close(): unknown }>(thing: T): T => {
    closers.add(() => thing.close());
    return thing;
  };
  const wrapper = openWrapper(server);
  const observer = opened(createObserver({ level: server.logLevel, auditSink: await openAudit(server), now }));
  let tellFigures: (() => void) | undefined;
  const figures = (): Promise<MetricSnapshot> => {
    tellFigures?.();
    return observer.metricSnapshot();
  };
  const line = isWorker ? openLine(figures) : undefined;
  const isFirst = server.store === 'embedded' && !existsSync(join(server.stateDir, 'registry.sqlite'));
  const registry = opened(await openRegistry(server, now, observer.emitter('registry', registryEvents)));
  const replay = opened(openReplay(server, now, isFirst));
  const outbound = opened(createOutboundFetch());
  const drain = { begun: false };
  const program = opened(
    await createExchange(config, {
      registry,
      replay,
      signingKeys: {
        store: registry.signingKeys,
        wrapper,
        revocationsFile: join(server.stateDir, 'revocations.jsonl'),
      },
      fetch: outbound.fetch,
      now,
      emit: observer.emitter('exchange', exchangeEventsFor(config)),
      record: observer.recorder('exchange', exchangeEventsFor(config)),
      metrics: metricsOf(observer, line),
      auditReady: () => observer.auditReady(),
      accepting: () => !drain.begun,
      workers: server.workers,
    }),
  );
  tellFigures = (): void => program.tellFigures();
  const listening = await openAll(program.listeners, GRACE_SECONDS);
  closers.add(() => listening.close());
  return {
    origins: listening.listeners.map(({ origin }) => origin),
    line,
    async close() {
      drain.begun = true;
      await delay(server.drainDelaySeconds);
      await closers.close();
    },
  };
}

/** Of all processes where there are several: whoever collects them reaches one or the other. */
function metricsOf(observer: Observer, line: Line | undefined): () => Promise<string> {
  if (line === undefined) return () => observer.metrics();
  return async () => addUpMetrics(await line.figuresOfAll());
}

async function delay(seconds: number): Promise<void> {
  if (seconds > 0) await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
