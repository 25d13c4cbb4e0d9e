import { setTimeout as pause } from 'node:timers/promises';
import { printTable } from '../shared/report.ts';
import type { Figure } from '../shared/report.ts';
import type { BenchServer } from '../shared/servers.ts';
import { asJson, machineFields } from './asking.ts';
import type { Load, Steady } from './load.ts';
import { PROMPT } from './provider.ts';
import type { BenchProvider } from './provider.ts';

interface Parts {
  readonly load: Load;
  readonly provider: BenchProvider;
}

/** sidecar-sdk.md P5: a slow provider, and tokens that are served for two seconds. */
const SLOW_MS = 200;
const LIFE_SECONDS = 4;
/** As many as are fetched ahead at once. */
const TARGETS = 8;
const RATE = 1000;
const P99_MS = 5;
/** sidecar-sdk.md P6. */
const AT_ONCE = 200;
const TIMES = 5;

/** Tokens run out under load again and again: with refresh-ahead, and beside it without. */
export async function measureExpiry(
  { ours, without }: { readonly ours: BenchServer; readonly without: BenchServer },
  { load, provider, seconds }: Parts & { readonly seconds: number },
): Promise<readonly Figure[]> {
  const askings = Array.from({ length: TARGETS }, (_each, at) =>
    asJson('/api/v1/token', machineFields(`api://expiring-${at}/.default`)),
  );
  await provider.behave({ delayMs: SLOW_MS, expiresIn: LIFE_SECONDS });
  const paced = async ({ port }: BenchServer): Promise<Steady> => {
    // Nothing of the first fetch of each is counted.
    await load.ask({ task: 'burst', port, connections: TARGETS, askings, count: TARGETS });
    return load.ask({ task: 'pace', port, connections: 64, askings, rate: RATE, seconds });
  };
  const ahead = await paced(ours);
  const { calls } = await provider.behave({ delayMs: SLOW_MS, expiresIn: LIFE_SECONDS });
  const plain = await paced(without);
  await provider.behave(PROMPT);
  // Beside them what the machine does to the same load when nothing runs out.
  await pause(LIFE_SECONDS * 1000);
  const lasting = await paced(ours);
  printTable(
    `Tokens that are served for ${LIFE_SECONDS / 2} s, ${TARGETS} targets, ${RATE} requests/s, provider at ${SLOW_MS} ms`,
    ['refresh-ahead', 'p50 ms', 'p99 ms', 'longest ms'],
    Object.entries({ on: ahead, off: plain, 'nothing runs out': lasting }).map(([name, { p50, p99, most }]) => [
      name,
      p50.toFixed(2),
      p99.toFixed(2),
      most.toFixed(1),
    ]),
  );
  return [
    {
      figure: `expiry moments, ${calls} fetches: p99 ms, with refresh-ahead beside without`,
      ours: ahead.p99,
      theirs: plain.p99,
      target: P99_MS,
      better: 'lower',
    },
    {
      figure: 'expiry moments: p99 ms, beside the same load when nothing runs out',
      ours: ahead.p99,
      theirs: lasting.p99,
    },
    { figure: 'expiry moments: longest ms, with refresh-ahead beside without', ours: ahead.most, theirs: plain.most },
  ];
}

/** Two hundred ask for the same at once, and nothing is there yet. */
export async function measureMisses({ port }: BenchServer, { load, provider }: Parts): Promise<readonly Figure[]> {
  const counts: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const askings = [asJson('/api/v1/token', machineFields(`api://missing-${time}/.default`))];
    // oxlint-disable no-await-in-loop -- one at a time is the point
    await provider.behave({ delayMs: SLOW_MS, expiresIn: 3600 });
    await load.ask({ task: 'burst', port, connections: AT_ONCE, askings, count: AT_ONCE });
    counts.push((await provider.behave(PROMPT)).calls);
    // oxlint-enable no-await-in-loop
  }
  printTable(
    `${AT_ONCE} at once ask for one token that is not there`,
    ['times', 'calls to the provider each'],
    [[String(TIMES), counts.join(' ')]],
  );
  return [
    { figure: `${AT_ONCE} concurrent misses: calls, most`, ours: Math.max(...counts), target: 1, better: 'lower' },
  ];
}
