import { join } from 'node:path';
import { medianOf } from './comparison.ts';
import { printTable, spread } from '../shared/report.ts';
import type { Figure } from '../shared/report.ts';
import { runRounds } from './rounds.ts';
import type { RoundsPlan } from './rounds.ts';
import { startOurs } from './servers.ts';
import type { BenchServer } from '../shared/servers.ts';
import { prepareFolder } from './store.ts';
import type { Bulk } from './store.ts';
import { residentMebibytes } from '../shared/processes.ts';
import { TARGETS_OF_ONE, ALGORITHMS, CLIENTS } from './world.ts';

/** What of the load both registries know. */
const CALLERS = 100;

/** The same requests to a server with few clients and to one with very many. */
export async function compareRegistries(
  plan: RoundsPlan & {
    readonly bulk: Bulk;
    readonly folder: string;
    readonly requests: number;
    readonly open: (starting: Promise<BenchServer>) => Promise<BenchServer>;
  },
): Promise<readonly Figure[]> {
  const { keys, bulk, folder, open, requests } = plan;
  const few = await prepareFolder(join(folder, 'few'), keys, { callers: CALLERS });
  const many = await prepareFolder(join(folder, 'many'), keys, { callers: CLIENTS, bulk });
  const small = await open(startOurs({ dir: few, keys }));
  const large = await open(startOurs({ dir: many, keys }));
  const sides = { small: { server: small, requests }, large: { server: large, requests } };
  const samples = await runRounds(sides, { ...plan, callers: CALLERS });
  const grants = bulk.apps * bulk.grantsEach + CLIENTS * TARGETS_OF_ONE * ALGORITHMS.length;
  const name = `${(bulk.apps + CLIENTS).toLocaleString('en')} clients, ${grants.toLocaleString('en')} grants`;
  printTable(
    'Registry: few clients and many',
    ['registry', 'cpu us/request', 'p50 ms', 'p99 ms', 'RSS MiB'],
    (
      [
        [`${CALLERS} clients`, samples.small, small],
        [name, samples.large, large],
      ] as const
    ).map(([label, list, server]) => [
      label,
      spread(list.map(({ cpu }) => cpu)),
      spread(
        list.map(({ p50 }) => p50),
        2,
      ),
      spread(
        list.map(({ p99 }) => p99),
        1,
      ),
      residentMebibytes(server.pid).toFixed(0),
    ]),
  );
  const ratio = (of: 'cpu' | 'p50'): number => medianOf(samples.large, of) / medianOf(samples.small, of);
  return [
    { figure: `${name}: p50 beside that with ${CALLERS}`, ours: ratio('p50'), target: 1.1, better: 'lower' },
    { figure: `${name}: cpu beside that with ${CALLERS}`, ours: ratio('cpu'), target: 1.1, better: 'lower' },
  ];
}
