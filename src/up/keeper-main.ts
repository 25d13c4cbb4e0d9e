import type { KeeperNews, KeeperOrder } from './keeper-protocol.ts';
import { type DevProcess, superviseProcess } from './dev-process.ts';

/*
 * A process of its own, detached from the terminal: Ctrl-C reaches `up` alone, and when `up` is gone, however it went
 * (kill -9 included), the channel closes and the dev processes are ended here.
 */
const processes = new Map<string, DevProcess>();

function tell(news: KeeperNews): void {
  // `up` may go at any moment. A send that fails says no more than `disconnect` will, and must not end the keeper before it cleaned up.
  if (process.connected) process.send?.(news, undefined, undefined, () => {});
}

async function stop(app: string): Promise<void> {
  const running = processes.get(app);
  processes.delete(app);
  await running?.stop();
}

async function carryOut(order: KeeperOrder): Promise<void> {
  await stop(order.app);
  if (order.kind === 'start') processes.set(order.app, superviseProcess(order.app, order.launch, tell));
}

let queue = Promise.resolve();

process.on('message', (order: KeeperOrder) => {
  queue = queue.then(() => carryOut(order));
});
async function endAll(): Promise<never> {
  await queue;
  await Promise.all([...processes.keys()].map(stop));
  process.exit(0);
}

process.once('disconnect', () => void endAll());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.disconnect?.());
