/** A collector that takes spans over OTLP/HTTP in JSON, for tests. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it came. */
interface SeenSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The collector; `raw` is everything that was posted, byte for byte. */
export interface Collector {
  readonly url: string;
  readonly spans: readonly SeenSpan[];
  readonly services: ReadonlySet<string>;
  readonly raw: readonly string[];
  close(): void;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}
interface OtlpSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly status: { readonly code?: number };
  readonly attributes: readonly OtlpAttribute[];
}
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

function values(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));
}

/** Starts one. With `status` it answers that and keeps nothing; with `silent` it never answers. */
export async function startCollector(
  answer: { readonly status?: number; readonly silent?: boolean } = {},
): Promise<Collector> {
  const spans: SeenSpan[] = [];
  const services = new Set<string>();
  const raw: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      raw.push(`${request.url ?? ''} ${JSON.stringify(request.headers)} ${body}`);
      if (answer.silent === true) return;
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' }).end('{}');
      if (answer.status !== undefined) return;
      const { resourceSpans }: OtlpRequest = JSON.parse(body);
      for (const { resource, scopeSpans } of resourceSpans) {
        services.add(String(values(resource.attributes)['service.name']));
        for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
          const { name, kind, traceId, spanId, parentSpanId, status } = span;
          const isError = status.code === 2;
          spans.push({ name, kind, traceId, spanId, parentSpanId, isError, attributes: values(span.attributes) });
        }
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // oxlint-disable-next-line typescript/consistent-type-assertions -- a server that listens on a port has one
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    spans,
    services,
    raw,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
