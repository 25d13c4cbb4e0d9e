import { openChannel } from './channel.ts';
import type { Channel } from './channel.ts';
import type { LoadRequest } from './closed-loop.ts';

/** One answer of a load that does not wait: when it was due, how long it took from then, and whether it was turned away. */
export interface Outcome {
  /** Seconds after the beginning. */
  readonly dueAt: number;
  readonly ms: number;
  readonly accepted: boolean;
}

/** How a load arrives. */
export interface Arrivals {
  /** Requests a second at a time, in seconds after the beginning. */
  readonly rate: (at: number) => number;
  readonly connections: number;
}

/** Requests that are due while every connection waits; what comes on top is given up. */
const MAX_QUEUE = 20_000;

/**
 * Sends requests when they are due, whatever became of those before: at random, so that some come together. Times count from
 * when a request was due, not from when there was a connection for it. An answer other than the expected one or 503 rejects.
 */
export async function openLoop(
  port: number,
  requests: readonly LoadRequest[],
  arrivals: Arrivals,
): Promise<readonly Outcome[]> {
  const done = Promise.withResolvers<void>();
  const idle: Channel[] = await Promise.all(
    Array.from({ length: arrivals.connections }, () => openChannel(port, (error) => done.reject(error))),
  );
  const all = [...idle];
  const outcomes: Outcome[] = [];
  const queue: { readonly request: LoadRequest; readonly dueAt: number }[] = [];
  const dues = dueTimes(requests.length, arrivals.rate);
  let [next, first] = [0, 0];
  const startedAt = performance.now();
  const clock = (): number => (performance.now() - startedAt) / 1000;
  const send = (): void => {
    while (first < queue.length && idle.length > 0) {
      const [item, channel] = [queue[first], idle.pop()];
      first += 1;
      if (item === undefined || channel === undefined) return;
      channel.ask(item.request.bytes, (status, body) => {
        const accepted = status === item.request.status;
        outcomes.push({ dueAt: item.dueAt, ms: (clock() - item.dueAt) * 1000, accepted });
        if (!accepted && status !== 503) done.reject(new Error(`${status}: ${body.toString()}`));
        idle.push(channel);
        if (outcomes.length === requests.length) done.resolve();
        else send();
      });
    }
  };
  const pace = setInterval(() => {
    const time = clock();
    for (let due = dues[next]; due !== undefined && due <= time; due = dues[next]) {
      const request = requests[next];
      if (request !== undefined) queue.push({ request, dueAt: due });
      next += 1;
    }
    if (queue.length - first > MAX_QUEUE) done.reject(new Error('the generator cannot keep up'));
    send();
  }, 1);
  try {
    await done.promise;
  } finally {
    clearInterval(pace);
    for (const channel of all) channel.close();
  }
  return outcomes;
}

function dueTimes(count: number, rate: (at: number) => number): readonly number[] {
  const times: number[] = [];
  for (let at = 0; times.length < count; ) {
    at += -Math.log(1 - Math.random()) / rate(at);
    times.push(at);
  }
  return times;
}
