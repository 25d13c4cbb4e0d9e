// The browsers: a process of their own, so that what they cost is nobody else's.
import { on } from 'node:events';
import { closedLoop } from '../shared/closed-loop.ts';
import { browserRequest, browserRequests } from './browser-requests.ts';
import type { Browsers, CrowdAnswers, CrowdTask } from './crowd-task.ts';
import { createHeld } from './held.ts';
import type { Held } from './held.ts';
import { paced } from './paced.ts';
import { storm } from './storm.ts';
import { SOCKETS } from './world.ts';

type HoldTask = Extract<CrowdTask, { readonly task: 'hold' }>;

const PACED_BROWSERS = 500;
const known = new Map<string, Browsers>();
const turns = new Map<string, number>();
const held: { now: Held | undefined } = { now: undefined };

process.on('disconnect', () => process.exit(0));
for await (const [task] of on(process, 'message')) {
  const answer = await perform(task).catch((error: unknown) => ({ failed: String(error) }));
  process.send?.(answer);
}

async function perform(task: CrowdTask): Promise<CrowdAnswers[CrowdTask['task']]> {
  if (task.task === 'meet') {
    known.set(task.name, task.browsers);
    return true;
  }
  if (task.task === 'burst') return closedLoop(task.port, inTurn(task.name, task.count), task.connections);
  if (task.task === 'storm') return storm(task.ports, inTurn(task.name, browsersOf(task.name).cookies.length), task);
  if (task.task === 'pace') return paced(task.port, inTurn(task.name, PACED_BROWSERS), task.seconds);
  if (task.task === 'hold') return hold(task);
  if (task.task === 'echo') return held.now?.echo() ?? { idle: 0, tunnels: 0 };
  held.now?.close();
  return true;
}

function hold({ name, port, idle, tunnels }: HoldTask): Promise<CrowdAnswers['hold']> {
  held.now = createHeld(port);
  const browsers = browsersOf(name);
  return held.now.open({
    idle: inTurn(name, idle).map(({ bytes }) => bytes),
    tunnels: Array.from({ length: tunnels }, (_each, turn) =>
      browserRequest(browsers, turn, { path: SOCKETS, isHandshake: true }),
    ),
  });
}

/** The next requests: session after session, over and over. */
function inTurn(name: string, count: number): ReturnType<typeof browserRequests> {
  const turn = turns.get(name) ?? 0;
  turns.set(name, turn + count);
  return browserRequests(browsersOf(name), turn, count);
}

function browsersOf(name: string): Browsers {
  const found = known.get(name);
  if (found === undefined) throw new Error(`nobody of ${name} is known`);
  return found;
}
