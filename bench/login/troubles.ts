import { setTimeout as pause } from 'node:timers/promises';
import type { TestRedis } from '../../tests/servers/redis.ts';
import { residentMebibytes } from '../shared/processes.ts';
import { printTable } from '../shared/report.ts';
import type { Figure } from '../shared/report.ts';
import type { BenchServer } from '../shared/servers.ts';
import { OURS } from './comparison.ts';
import type { Crowd } from './crowd.ts';
import type { Paced } from './crowd-task.ts';
import type { BenchProvider } from './provider.ts';

/** By this name the browsers are known whose sessions are due. */
export const DUE: string = 'due';
const EACH = 20;
const STORM_CONNECTIONS = 100;
const OUTAGE_SECONDS = 5;
const BEFORE_SECONDS = 1;
const AFTER_SECONDS = 4;
const NORMAL_WITHIN_SECONDS = 2;
const HELD_REQUESTS = 500;
const HELD_CONNECTIONS = 8;

/** Many requests at once for each session whose token has run out, to two processes. */
export async function measureStorm(
  servers: readonly BenchServer[],
  { crowd, provider, sessions }: { readonly crowd: Crowd; readonly provider: BenchProvider; readonly sessions: number },
): Promise<readonly Figure[]> {
  const before = provider.refreshes();
  const ports = servers.map(({ port }) => port);
  const tally = await crowd.ask({ task: 'storm', name: DUE, ports, each: EACH, connections: STORM_CONNECTIONS });
  const { 200: good = 0, ...others } = tally;
  const failed = Object.values(others).reduce((sum, count) => sum + count, 0);
  const title = `Refresh storm: ${sessions} sessions x ${EACH} requests, ${servers.length} processes`;
  const refreshes = provider.refreshes() - before;
  printTable(
    title,
    ['calls to the provider', 'answered 200', 'anything else'],
    [[refreshes, good, failed].map(String)],
  );
  return [
    {
      figure: `refresh storm, ${sessions} sessions: calls to the provider`,
      ours: refreshes,
      target: sessions,
      better: 'lower',
    },
    {
      figure: `refresh storm, ${sessions} sessions: requests not answered 200`,
      ours: sessions * EACH - good,
      target: 0,
      better: 'lower',
    },
  ];
}

/** Redis stands still for five seconds while people go on clicking. */
export async function measureOutage(
  server: BenchServer,
  { crowd, redis }: { readonly crowd: Crowd; readonly redis: TestRedis },
): Promise<readonly Figure[]> {
  const seconds = BEFORE_SECONDS + OUTAGE_SECONDS + AFTER_SECONDS;
  const load = crowd.ask({ task: 'pace', name: OURS, port: server.port, seconds });
  await pause(BEFORE_SECONDS * 1000);
  redis.freeze();
  await pause(OUTAGE_SECONDS * 1000);
  redis.thaw();
  const backAt = Date.now();
  const answers = await load;
  const told = answers.filter(({ status }) => status === 503);
  const latest = Math.max(backAt, ...told.map(({ at, ms }) => at + ms));
  const other = answers.filter(({ status }) => status !== 200 && status !== 503);
  const last = answers.filter(({ at }) => at > backAt + NORMAL_WITHIN_SECONDS * 1000);
  printTable(
    `Redis stands still for ${OUTAGE_SECONDS} s`,
    ['answered 200', '503', 'anything else', 'last 503 after return s', '200 after that'],
    [
      [
        String(answers.length - told.length - other.length),
        String(told.length),
        String(other.length),
        ((latest - backAt) / 1000).toFixed(2),
        String(countOf(last, 200)),
      ],
    ],
  );
  return [
    {
      figure: 'store 5 s outage: answers that are neither 200 nor 503 (forced logins)',
      ours: other.length,
      target: 0,
      better: 'lower',
    },
    {
      figure: 'store 5 s outage: seconds until normal',
      ours: (latest - backAt) / 1000,
      target: NORMAL_WITHIN_SECONDS,
      better: 'lower',
    },
  ];
}

/** Many connections that wait, many tunnels that stand, and people who want pages at the same time. */
export async function measureHeld(
  server: BenchServer,
  { crowd, idle, tunnels }: { readonly crowd: Crowd; readonly idle: number; readonly tunnels: number },
): Promise<readonly Figure[]> {
  const { port } = server;
  await crowd.ask({ task: 'hold', name: OURS, port, idle, tunnels });
  const burst = await crowd.ask({
    task: 'burst',
    name: OURS,
    port,
    count: HELD_REQUESTS,
    connections: HELD_CONNECTIONS,
  });
  const left = await crowd.ask({ task: 'echo' });
  const resident = residentMebibytes(server.pid);
  await crowd.ask({ task: 'release' });
  printTable(
    `${idle} idle connections and ${tunnels} tunnels`,
    ['idle left', 'tunnels that answer', 'p50 ms', 'p99 ms', 'RSS MiB'],
    [[String(left.idle), String(left.tunnels), burst.p50.toFixed(2), burst.p99.toFixed(1), resident.toFixed(0)]],
  );
  return [
    { figure: `${idle} idle + ${tunnels} tunnels: tunnels that answer`, ours: left.tunnels, target: tunnels },
    { figure: `${idle} idle + ${tunnels} tunnels: p99 ms of a page, all of them 200`, ours: burst.p99 },
    { figure: `${idle} idle + ${tunnels} tunnels: RSS MiB`, ours: resident },
  ];
}

function countOf(answers: readonly Paced[], status: number): number {
  return answers.filter((answer) => answer.status === status).length;
}
