import { setTimeout as pause } from 'node:timers/promises';
import { residentMebibytes } from '../shared/processes.ts';
import { median, printTable, spread } from '../shared/report.ts';
import type { Figure } from '../shared/report.ts';
import type { BenchServer } from '../shared/servers.ts';
import { asJson, machineFields } from './asking.ts';
import { lookAt } from './look.ts';
import { startOurs } from './servers.ts';
import type { OursOptions } from './servers.ts';
import { startTexas } from './texas.ts';
import type { Texas } from './texas.ts';

/** sidecar-sdk.md P4. */
const START_MS = 400;
const RESIDENT_MEBIBYTES = 90;
const IDLE_MS = 1500;

interface Starts {
  readonly times: readonly number[];
  readonly resident: readonly number[];
}

/** From the start of the process to its first token, and what it holds when it has nothing to do: as it ships, and from its sources. */
export async function measureStart(
  forms: { readonly shipped: OursOptions; readonly sources: OursOptions; readonly texas: Texas | undefined },
  rounds: number,
): Promise<readonly Figure[]> {
  const shipped = await startOften(() => startOurs(forms.shipped), rounds);
  const sources = await startOften(() => startOurs(forms.sources), Math.min(3, rounds));
  const { texas } = forms;
  const theirs = texas && { Texas: await startOften(() => startTexas(texas), Math.min(3, rounds)) };
  const rows = Object.entries({ 'as it ships': shipped, 'from its sources': sources, ...theirs });
  printTable(
    'Start to the first token, provider at 0 ms; then idle with four providers: median (least..most)',
    ['form', 'first start ms', 'later starts ms', 'RSS MiB'],
    rows.map(([name, { times, resident }]) => [
      name,
      (times[0] ?? Number.NaN).toFixed(0),
      spread(times.slice(1)),
      spread(resident, 1),
    ]),
  );
  const [first = Number.NaN, ...later] = shipped.times;
  const [sourceTime, sourceResident] = [median(sources.times.slice(1)), median(sources.resident)];
  const bar = { target: START_MS, better: 'lower' } as const;
  return [
    {
      figure: 'start to the first token ms, as it ships beside from sources',
      ours: median(later),
      theirs: sourceTime,
      ...bar,
    },
    { figure: 'the very first start of a build ms', ours: first },
    {
      figure: 'idle RSS MiB with four providers, as it ships beside from sources',
      ours: median(shipped.resident),
      theirs: sourceResident,
      target: RESIDENT_MEBIBYTES,
      better: 'lower',
    },
  ];
}

async function startOften(start: () => Promise<BenchServer>, rounds: number): Promise<Starts> {
  const [times, resident]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round += 1) {
    // oxlint-disable no-await-in-loop -- one at a time is the point
    const startedAt = performance.now();
    const server = await start();
    await lookAt(server.port, asJson('/api/v1/token', machineFields('api://first/.default')));
    times.push(performance.now() - startedAt);
    await pause(IDLE_MS);
    resident.push(residentMebibytes(server.pid));
    await server.stop();
    // oxlint-enable no-await-in-loop
  }
  return { times, resident };
}
