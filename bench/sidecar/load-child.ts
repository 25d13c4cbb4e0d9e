// The applications: a process of their own, so that what they cost is nobody else's.
import { on } from 'node:events';
import { closedLoop } from '../shared/closed-loop.ts';
import type { LoadRequest } from '../shared/closed-loop.ts';
import { openLoop } from '../shared/open-loop.ts';
import type { Outcome } from '../shared/open-loop.ts';
import { percentile } from '../shared/report.ts';
import { wire } from './asking.ts';
import type { Asking } from './asking.ts';
import type { LoadAnswers, LoadTask, Steady } from './load.ts';
import { unknownKids } from './unknown-kids.ts';

/** A load begins with connections and caches that are new to it; its first moments are not counted. */
const FIRST_SECONDS = 0.3;
/** So many requests are made at once. */
const CHUNK = 5000;

process.on('disconnect', () => process.exit(0));
for await (const [task] of on(process, 'message')) {
  const answer = await perform(task).catch((error: unknown) => ({ failed: String(error) }));
  process.send?.(answer);
}

async function perform(task: LoadTask): Promise<LoadAnswers[LoadTask['task']]> {
  const { port, connections } = task;
  if (task.task === 'burst') return awake(() => closedLoop(port, inTurn(task.askings, task.count), connections));
  if (task.task === 'flood') return flood(task);
  const { rate, seconds } = task;
  const requests = inTurn(task.askings, Math.ceil(rate * seconds));
  return steadyOf(await openLoop(port, requests, { rate: () => rate, connections }), rate);
}

/**
 * A generator that sleeps has to be woken by whoever answers it, and the slower server would pay for that more often: as long as the
 * burst lasts, this process does not sleep.
 */
async function awake<T>(work: () => Promise<T>): Promise<T> {
  const state = { done: false };
  const turn = (): void => {
    if (!state.done) setImmediate(turn);
  };
  turn();
  try {
    return await work();
  } finally {
    state.done = true;
  }
}

async function flood({ port, connections, token, count, rate }: Extract<LoadTask, { task: 'flood' }>): Promise<Steady> {
  const outcomes: Outcome[] = [];
  const startedAt = performance.now();
  for (let made = 0; made < count; made += CHUNK) {
    const requests = unknownKids(token, Math.min(CHUNK, count - made)).map(wire);
    // oxlint-disable-next-line no-await-in-loop -- all at once would hold too much
    outcomes.push(...(await openLoop(port, requests, { rate: () => rate, connections })));
  }
  const perSecond = (count * 1000) / (performance.now() - startedAt);
  return { ...steadyOf(outcomes, rate), perSecond };
}

function inTurn(askings: readonly Asking[], count: number): readonly LoadRequest[] {
  const requests = askings.map(wire);
  return Array.from({ length: count }, (_each, at) => requests[at % requests.length]).filter(
    (each) => each !== undefined,
  );
}

function steadyOf(outcomes: readonly Outcome[], offered: number): Steady {
  const counted = outcomes.filter(({ dueAt }) => dueAt > FIRST_SECONDS);
  const times = counted.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const ends = counted.map(({ dueAt, ms }) => dueAt + ms / 1000);
  const perSecond = counted.length / (ends.reduce((most, each) => Math.max(most, each), 0) - FIRST_SECONDS);
  return {
    offered,
    perSecond,
    count: outcomes.length,
    refused: outcomes.filter(({ accepted }) => !accepted).length,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    most: times.at(-1) ?? Number.NaN,
  };
}
