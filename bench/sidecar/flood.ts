import { median, printTable, spread } from '../shared/report.ts';
import type { Figure } from '../shared/report.ts';
import type { BenchServer } from '../shared/servers.ts';
import { asJson, machineFields } from './asking.ts';
import type { Asking } from './asking.ts';
import type { Effort } from './effort.ts';
import type { Load, Steady } from './load.ts';
import { PROMPT } from './provider.ts';
import type { BenchProvider } from './provider.ts';

const VALID_RATE = 3000;
const CONNECTIONS = 16;
const ALONE_SECONDS = 4;
/** sidecar-sdk.md P7: within 5 %. */
const KEPT = 0.95;
/** sidecar-sdk.md 2.5: cool-downs of a key set whose fetches bring nothing new, with the jitter that makes them shortest. */
const COOL_DOWNS_S = [5, 10, 20, 30];
const SHORTEST = 0.8;

/** Good requests at a steady rate, alone and beside tokens whose key ids nobody knows: what that does to them, and to the provider. */
export async function measureFlood(
  server: BenchServer,
  {
    load,
    flooders,
    provider,
    token,
    effort,
  }: {
    readonly load: Load;
    readonly flooders: Load;
    readonly provider: BenchProvider;
    readonly token: string;
    readonly effort: Effort;
  },
): Promise<readonly Figure[]> {
  const good: readonly Asking[] = [
    asJson('/api/v1/token', machineFields('api://cached/.default')),
    asJson('/api/v1/introspect', { identity_provider: 'tokenx', token }),
  ];
  const { port } = server;
  const pace = (seconds: number): Promise<Steady> =>
    load.ask({ task: 'pace', port, connections: CONNECTIONS, askings: good, rate: VALID_RATE, seconds });
  const { unknownKids: count, floodRate: rate } = effort;
  const before = [await pace(ALONE_SECONDS)];
  await provider.behave(PROMPT);
  const startedAt = performance.now();
  const cpuBefore = server.cpuMicros();
  const [beside, flood] = await Promise.all([
    pace(count / rate),
    flooders.ask({ task: 'flood', port, connections: CONNECTIONS, token, count, rate }),
  ]);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = server.cpuMicros() - cpuBefore;
  const { keyFetches } = await provider.behave(PROMPT);
  const alone = [...before, await pace(ALONE_SECONDS)];
  const allowed = fetchesWithin(seconds);
  printTable(
    `${count} unknown key ids in ${seconds.toFixed(0)} s beside ${VALID_RATE} good requests/s; the server was busy for ${((cpu / seconds / 1e6) * 100).toFixed(0)} % of that`,
    ['load', 'answered/s', 'refused', 'p50 ms', 'p99 ms'],
    [
      [
        'good, alone',
        spread(alone.map((each) => each.perSecond)),
        String(sum(alone)),
        spread(
          alone.map((each) => each.p50),
          2,
        ),
        spread(
          alone.map((each) => each.p99),
          2,
        ),
      ],
      ...Object.entries({ 'good, beside': beside, flood }).map(([name, each]) => [
        name,
        each.perSecond.toFixed(0),
        String(each.refused),
        each.p50.toFixed(2),
        each.p99.toFixed(2),
      ]),
    ],
  );
  const rateAlone = median(alone.map((each) => each.perSecond));
  const p99Alone = median(alone.map((each) => each.p99));
  return [
    { figure: `flood of ${count} key ids: key set fetches`, ours: keyFetches, target: allowed, better: 'lower' },
    {
      figure: 'flood: good requests answered/s, beside it and alone, as a part',
      ours: beside.perSecond / rateAlone,
      target: KEPT,
    },
    { figure: 'flood: good requests refused', ours: beside.refused, target: 0, better: 'lower' },
    { figure: 'flood: p99 ms of good requests, beside it and alone', ours: beside.p99, theirs: p99Alone },
  ];
}

/** One at the beginning, and one more for each cool-down that has passed. */
function fetchesWithin(seconds: number): number {
  let [fetches, passed] = [0, 0];
  for (; passed <= seconds; fetches += 1) passed += (COOL_DOWNS_S[fetches + 1] ?? 30) * SHORTEST;
  return fetches;
}

function sum(these: readonly Steady[]): number {
  return these.reduce((total, { refused }) => total + refused, 0);
}
