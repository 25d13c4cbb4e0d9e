/** Figures on their way to a collector over OTLP/HTTP, in its JSON form. */
import { inTime } from './in-time.ts';
import type { MetricSnapshot } from './metrics.ts';
import { metricsBody } from './metrics-otlp-body.ts';
import { seldom } from './seldom.ts';

/** Where figures go, and how often. */
export interface MetricExportOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Attributes of the process, its service name among them. */
  readonly resource: Readonly<Record<string, string>>;
  readonly intervalMilliseconds: number;
  readonly snapshot: () => Promise<MetricSnapshot>;
  /** Ends by itself when it takes too long. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Told that figures could not be delivered, and why; at most once a minute. The next delivery brings all that was counted. */
  readonly onLoss: (reason: string) => void;
}

/** Deliveries that go on until they are closed. */
export interface MetricExport {
  /** Delivers once more, for at most three seconds. */
  close(): Promise<void>;
}

const CLOSE_MILLISECONDS = 3000;
const LEAST_INTERVAL_MILLISECONDS = 100;
/** What is longer than a timer can be would go off at once, and again and again. */
const LONGEST_INTERVAL_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Begins to deliver. Nothing of it can fail or delay the work it tells of; what takes longer than the interval skips a turn. */
export function startMetricExport(options: MetricExportOptions): MetricExport {
  const tellLoss = seldom(options.onLoss);
  const startedAt = performance.timeOrigin;
  let running: Promise<void> | undefined;
  const deliver = async (): Promise<void> => {
    try {
      const frame = { resource: options.resource, startedAt, at: performance.timeOrigin + performance.now() };
      const body = metricsBody(await options.snapshot(), frame);
      const headers = { ...options.headers, 'content-type': 'application/json' };
      const { status } = await options.fetch(options.url, { method: 'POST', headers, body });
      if (status >= 300) tellLoss(`status ${status}`);
    } catch (error) {
      // Messages may hold an address with credentials.
      tellLoss(error instanceof Error ? error.name : 'Error');
    }
  };
  const turn = (): void => {
    running ??= deliver().finally(() => {
      running = undefined;
    });
  };
  const asked = Math.max(LEAST_INTERVAL_MILLISECONDS, options.intervalMilliseconds);
  const timer = setInterval(turn, Math.min(LONGEST_INTERVAL_MILLISECONDS, asked));
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      const last = Promise.resolve(running).then(deliver);
      await inTime(last, CLOSE_MILLISECONDS, () => new Error('late')).catch(() => {});
    },
  };
}
