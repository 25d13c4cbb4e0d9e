import { openLoop } from '../shared/open-loop.ts';
import type { Outcome } from '../shared/open-loop.ts';
import { median, percentile, printTable } from '../shared/report.ts';
import type { Figure } from '../shared/report.ts';
import type { RequestMaker } from './requests.ts';
import type { BenchServer } from '../shared/servers.ts';
import type { Mix } from './world.ts';

/** How long each load lasts, in seconds. */
export interface PressurePlan {
  readonly server: BenchServer;
  readonly maker: RequestMaker;
  readonly mix: Mix;
  /** Requests a second that the server can do at most. */
  readonly saturation: number;
  readonly rounds: number;
  readonly steadySeconds: number;
  readonly overloadSeconds: number;
  readonly recoverySeconds: number;
}

/** Below saturation, and times over it. */
const STEADY = 0.6;
const OVERLOAD = 3;
const STEADY_CONNECTIONS = 64;
const OVERLOAD_CONNECTIONS = 600;
/** Until the generator and the queues are in step. */
const SETTLE_SECONDS = 0.5;
/** An answer later than this, after an overload, is part of it. */
const LATE_MS = 1000;

/** Times at 60 % of saturation, by a generator that does not wait for answers. */
export async function measureSteady(plan: PressurePlan): Promise<readonly Figure[]> {
  const rate = plan.saturation * STEADY;
  const [p50s, p99s]: [number[], number[]] = [[], []];
  for (let round = 0; round < plan.rounds; round += 1) {
    // oxlint-disable no-await-in-loop -- one at a time is the point
    const requests = await plan.maker.make(plan.mix, Math.ceil(rate * plan.steadySeconds));
    const outcomes = await openLoop(plan.server.port, requests, { rate: () => rate, connections: STEADY_CONNECTIONS });
    // oxlint-enable no-await-in-loop
    const times = timesOf(outcomes.filter(({ dueAt }) => dueAt > SETTLE_SECONDS));
    p50s.push(percentile(times, 0.5));
    p99s.push(percentile(times, 0.99));
  }
  printTable(
    `Open loop at 60 % of saturation (${Math.round(rate)}/s)`,
    ['round', 'p50 ms', 'p99 ms'],
    p99s.map((p99, round) => [String(round + 1), (p50s[round] ?? 0).toFixed(2), p99.toFixed(1)]),
  );
  return [
    { figure: 'p50 ms at 60 % of saturation', ours: median(p50s), better: 'lower' },
    { figure: 'p99 ms at 60 % of saturation', ours: median(p99s), target: 50, better: 'lower' },
  ];
}

/** Three times what it can do for some seconds, then 60 % again. */
export async function measureOverload(plan: PressurePlan): Promise<readonly Figure[]> {
  const { saturation, overloadSeconds, recoverySeconds } = plan;
  const isOver = (at: number): boolean => at < overloadSeconds;
  const rate = (at: number): number => saturation * (isOver(at) ? OVERLOAD : STEADY);
  const count = saturation * (OVERLOAD * overloadSeconds + STEADY * recoverySeconds);
  const requests = await plan.maker.make(plan.mix, Math.ceil(count));
  const outcomes = await openLoop(plan.server.port, requests, { rate, connections: OVERLOAD_CONNECTIONS });
  const during = outcomes.filter(({ dueAt }) => isOver(dueAt) && dueAt > SETTLE_SECONDS);
  const accepted = during.filter((each) => each.accepted);
  const answeredInTime = outcomes.filter(
    ({ accepted: good, dueAt, ms }) => good && isOver(dueAt + ms / 1000) && dueAt + ms / 1000 > SETTLE_SECONDS,
  );
  const goodput = answeredInTime.length / (overloadSeconds - SETTLE_SECONDS);
  const bad = outcomes.filter(({ dueAt, ms, accepted: good }) => !isOver(dueAt) && (!good || ms > LATE_MS));
  const recovery = bad.reduce((latest, { dueAt }) => Math.max(latest, dueAt - overloadSeconds), 0);
  const p99 = percentile(timesOf(accepted), 0.99);
  const turnedAway = 1 - accepted.length / during.length;
  printTable(
    `Three times saturation for ${overloadSeconds} s`,
    ['offered/s', 'goodput/s', 'turned away %', 'accepted p99 ms', 'recovery s'],
    [[saturation * OVERLOAD, goodput, turnedAway * 100, p99, recovery].map((value) => value.toFixed(1))],
  );
  return [
    { figure: 'goodput at 3x overload, share of saturation', ours: goodput / saturation, target: 0.8 },
    { figure: 'accepted p99 ms at 3x overload', ours: p99, target: 1000, better: 'lower' },
    { figure: 'recovery from 3x overload, s', ours: recovery, target: 5, better: 'lower' },
  ];
}

function timesOf(outcomes: readonly Outcome[]): readonly number[] {
  return outcomes.map(({ ms }) => ms).toSorted((a, b) => a - b);
}
