import { setTimeout as pause } from 'node:timers/promises';
import type { LoadRequest } from '../shared/closed-loop.ts';
import { openChannel } from '../shared/channel.ts';
import type { Paced } from './crowd-task.ts';

const WORKERS = 8;
const PAUSE_MS = 20;

/** Some hundred requests a second for so long; whatever is answered is told, and 0 where nothing is. */
export async function paced(
  port: number,
  requests: readonly LoadRequest[],
  seconds: number,
): Promise<readonly Paced[]> {
  const all: Paced[] = [];
  const end = performance.now() + seconds * 1000;
  const work = async (worker: number): Promise<void> => {
    for (let turn = worker; performance.now() < end; turn += WORKERS) {
      const request = requests[turn % requests.length];
      if (request === undefined) return;
      const at = Date.now();
      const status = await askOnce(port, request).catch(() => 0);
      all.push({ at, ms: Date.now() - at, status });
      await pause(PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, (_each, worker) => work(worker)));
  return all;
}

async function askOnce(port: number, { bytes }: LoadRequest): Promise<number> {
  const broken = Promise.withResolvers<never>();
  const channel = await openChannel(port, broken.reject);
  try {
    return await Promise.race([new Promise<number>((resolve) => channel.ask(bytes, resolve)), broken.promise]);
  } finally {
    channel.close();
  }
}
