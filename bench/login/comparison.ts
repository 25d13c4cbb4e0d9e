import { median, printTable, spread } from '../shared/report.ts';
import type { Figure } from '../shared/report.ts';
import { runRounds } from './rounds.ts';
import type { RoundsPlan, Sample, Side } from './rounds.ts';

/** By these names the sides are known. */
export const OURS: string = 'fullmakt login';
export const OURS_PUBLIC: string = 'fullmakt login, no session';
export const BARE: string = 'bare Node pass-through';
export const EXPRESS: string = 'express-openid-connect';

const STAGE_1 = 2;
const BAR = 1.5;
/** 80 % of the requests that a plain proxy can do. */
const NO_SESSION = 1.25;
const RESIDENT_MEBIBYTES = 110;

/** All proxies in turn, and what ours costs beside the others. */
export async function compareProxies(sides: readonly Side[], plan: RoundsPlan): Promise<readonly Figure[]> {
  const samples = await runRounds(sides, plan);
  const of = (name: string): readonly Sample[] => samples.get(name) ?? [];
  const ratios = (name: string): readonly number[] =>
    of(name).map(({ cpu }, round) => cpu / (of(BARE)[round]?.cpu ?? Number.NaN));
  printTable(
    `One process or worker each, ${plan.connections} connections: median (least..most)`,
    ['proxy', 'cpu us/request', 'x pass-through', 'requests/s', 'p50 ms', 'p99 ms', 'RSS MiB'],
    [...samples].map(([name, list]) => [
      name,
      spread(valuesOf(list, 'cpu'), 1),
      spread(ratios(name), 2),
      spread(valuesOf(list, 'perSecond')),
      spread(valuesOf(list, 'p50'), 2),
      spread(valuesOf(list, 'p99'), 1),
      spread(valuesOf(list, 'resident')),
    ]),
  );
  const cpu = (name: string): number => median(valuesOf(of(name), 'cpu'));
  const ours = median(ratios(OURS));
  return [
    { figure: 'authenticated GET: cpu, times the bare pass-through (stage 1)', ours, target: STAGE_1, better: 'lower' },
    { figure: 'authenticated GET: cpu, times the bare pass-through', ours, target: BAR, better: 'lower' },
    {
      figure: 'GET without session: cpu, times the bare pass-through',
      ours: median(ratios(OURS_PUBLIC)),
      target: NO_SESSION,
      better: 'lower',
    },
    ...[...samples.keys()]
      .filter((name) => name !== OURS && name !== OURS_PUBLIC)
      .map((name): Figure => {
        const figure = `authenticated GET: cpu us/request beside ${name}`;
        const both = { figure, ours: cpu(OURS), theirs: cpu(name) };
        return name === EXPRESS ? { ...both, target: cpu(name), better: 'lower' } : both;
      }),
    { figure: 'requests/s', ours: median(valuesOf(of(OURS), 'perSecond')) },
    { figure: 'p50 ms', ours: median(valuesOf(of(OURS), 'p50')) },
    { figure: 'p99 ms', ours: median(valuesOf(of(OURS), 'p99')) },
    {
      figure: 'RSS MiB under load, most',
      ours: Math.max(...valuesOf(of(OURS), 'resident')),
      target: RESIDENT_MEBIBYTES,
      better: 'lower',
    },
  ];
}

function valuesOf(samples: readonly Sample[], name: keyof Sample): readonly number[] {
  return samples.map((sample) => sample[name]);
}
