import { openChannel } from '../shared/channel.ts';
import { median, printTable, spread } from '../shared/report.ts';
import type { Figure } from '../shared/report.ts';
import type { RequestMaker } from './requests.ts';
import { startOurs } from './servers.ts';
import type { OursOptions } from './servers.ts';
import type { Mix } from './world.ts';

/** There is a good one among so many. */
const SOME = 10;

/** Seconds from the start of the process to the first token, with a store that is there already. */
export async function measureStart(
  options: OursOptions,
  { maker, mix, rounds }: { readonly maker: RequestMaker; readonly mix: Mix; readonly rounds: number },
): Promise<readonly Figure[]> {
  const times: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    // oxlint-disable no-await-in-loop -- one at a time is the point
    const request = (await maker.make(mix, SOME)).find(({ kind }) => kind === 'good')?.bytes ?? Buffer.alloc(0);
    const startedAt = performance.now();
    const server = await startOurs(options);
    const failed = Promise.withResolvers<never>();
    const channel = await openChannel(server.port, (error) => failed.reject(error));
    const answered = new Promise<number>((resolve) => channel.ask(request, resolve));
    const status = await Promise.race([answered, failed.promise]);
    const seconds = (performance.now() - startedAt) / 1000;
    channel.close();
    await server.stop();
    // oxlint-enable no-await-in-loop
    if (status !== 200) throw new Error(`the first answer was ${status}`);
    // The first start may still have to strip types.
    if (round >= 0) times.push(seconds);
  }
  printTable('Start', ['first token after s'], [[spread(times, 2)]]);
  return [{ figure: 'start to first 200 with a warm store, s', ours: median(times), target: 1, better: 'lower' }];
}
