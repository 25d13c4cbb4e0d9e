import type { MetricExport } from '../observe/metrics-otlp.ts';
import type { Observer } from '../observe/observer.ts';
import { parsePairs, signalUrl } from '../observe/otlp-variables.ts';
import type { Tracer } from '../observe/tracing.ts';
import type { SidecarServerConfig } from '../sidecar/server-config.ts';
import type { Notice } from './notices.ts';

/** What a sidecar tells a collector. */
interface SidecarTelemetry {
  readonly tracer: Tracer;
  /** Begins to deliver figures; `tell` makes gauges show what is so now. */
  deliver(tell: () => void): void;
  /** Delivers what is left, for a few seconds at most. */
  close(): Promise<void>;
}

const DELIVERY_SECONDS = 5;

/** Spans and figures on their way to the collector; undefined where there is none, and then nothing of it is loaded. */
export async function openSidecarTelemetry(
  server: SidecarServerConfig,
  observer: Pick<Observer, 'metricSnapshot'>,
  notice: Notice,
): Promise<SidecarTelemetry | undefined> {
  const { otlpEndpoint: endpoint, otelServiceName: serviceName, metricExportInterval } = server;
  if (endpoint === undefined || server.otelDisabled?.toLowerCase() === 'true') return undefined;
  const [{ openTracer }, { startMetricExport }, { createOutboundFetch }] = await Promise.all([
    import('../observe/tracing-otlp.ts'),
    import('../observe/metrics-otlp.ts'),
    import('../web/outbound-fetch.ts'),
  ]);
  const [headers, more] = [parsePairs(server.otlpHeaders), parsePairs(server.otelResourceAttributes)];
  const url = signalUrl(endpoint, 'traces');
  const onLoss = (reason: string): void => notice(`spans were lost: ${reason}`);
  const tracer = await openTracer({ enabled: true, serviceName, url, headers, resource: more, onLoss });
  const outbound = createOutboundFetch({ totalSeconds: DELIVERY_SECONDS });
  const running: { figures?: MetricExport } = {};
  return {
    tracer,
    deliver(tell) {
      running.figures ??= startMetricExport({
        url: signalUrl(endpoint, 'metrics'),
        headers,
        resource: { ...more, 'service.name': serviceName },
        intervalMilliseconds: metricExportInterval,
        snapshot: () => {
          tell();
          return observer.metricSnapshot();
        },
        fetch: outbound.fetch,
        onLoss: (reason) => notice(`metrics were not delivered: ${reason}`),
      });
    },
    async close() {
      await Promise.all([tracer.close(), running.figures?.close()]);
      await outbound.close();
    },
  };
}
