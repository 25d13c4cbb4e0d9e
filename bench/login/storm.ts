import type { LoadRequest } from '../shared/closed-loop.ts';
import { openChannel } from '../shared/channel.ts';
import type { Tally } from './crowd-task.ts';

/** How each request is repeated, and on how many connections to each port. */
interface StormPlan {
  readonly each: number;
  readonly connections: number;
}

/** Sends each request `each` times at about the same time, divided among the ports. Tells of failures, whatever they are. */
export async function storm(
  ports: readonly number[],
  requests: readonly LoadRequest[],
  { each, connections }: StormPlan,
): Promise<Tally> {
  const tally: Record<string, number> = {};
  const here = Array.from({ length: each / ports.length });
  const all = requests.flatMap((request) => here.map(() => request));
  await Promise.all(ports.map((port) => sendAll(port, all, { connections, tally })));
  return tally;
}

async function sendAll(
  port: number,
  requests: readonly LoadRequest[],
  { connections, tally }: { readonly connections: number; readonly tally: Record<string, number> },
): Promise<void> {
  const left = requests[Symbol.iterator]();
  const count = (what: string | number): void => void (tally[what] = (tally[what] ?? 0) + 1);
  const work = async (): Promise<void> => {
    const broken = Promise.withResolvers<never>();
    const channel = await openChannel(port, broken.reject);
    for (const request of left) {
      const answered = new Promise<number>((resolve) => channel.ask(request.bytes, resolve));
      count(await Promise.race([answered, broken.promise]));
    }
    channel.close();
  };
  await Promise.all(Array.from({ length: connections }, () => work().catch(() => count('broken'))));
}
