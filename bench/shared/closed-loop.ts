import { openChannel } from './channel.ts';
import { percentile } from './report.ts';

/** A request and what it is to be answered with. */
export interface LoadRequest {
  readonly bytes: Buffer;
  readonly status: number;
  /** What it is called in errors. */
  readonly kind: string;
}

/** What a burst of requests showed; times are milliseconds. */
export interface Burst {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Sends every request, each connection the next one as soon as it has its answer. Rejects for an answer that is not the expected one. */
export async function closedLoop(port: number, requests: readonly LoadRequest[], connections: number): Promise<Burst> {
  const finished = Promise.withResolvers<void>();
  const channels = await Promise.all(
    Array.from({ length: connections }, () => openChannel(port, (error) => finished.reject(error))),
  );
  const times: number[] = [];
  let [next, answered] = [0, 0];
  const startedAt = performance.now();
  for (const channel of channels) {
    const send = (): void => {
      const request = requests[next];
      if (request === undefined) return;
      next += 1;
      const sentAt = performance.now();
      channel.ask(request.bytes, (status, body) => {
        times.push(performance.now() - sentAt);
        if (status !== request.status) {
          finished.reject(new Error(`${status} instead of ${request.status} (${request.kind}): ${body.toString()}`));
        }
        answered += 1;
        if (answered === requests.length) finished.resolve();
        else send();
      });
    };
    send();
  }
  try {
    await finished.promise;
  } finally {
    for (const channel of channels) channel.close();
  }
  const elapsed = (performance.now() - startedAt) / 1000;
  times.sort((a, b) => a - b);
  return { perSecond: requests.length / elapsed, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}
