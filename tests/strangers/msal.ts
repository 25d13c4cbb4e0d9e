import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Numbered, Order, Outcome } from './msal-client.ts';

/** MSAL in a process of its own. */
export interface Msal {
  ask(order: Order): Promise<Outcome>;
  close(): Promise<void>;
}

/** Starts the process; `caFile` is what it believes beside the public authorities. */
export function startMsal(caFile: string | undefined): Msal {
  const child = fork(fileURLToPath(new URL('msal-client.ts', import.meta.url)), {
    env: { PATH: process.env['PATH'], ...(caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile }) },
  });
  const waiting = new Map<number, PromiseWithResolvers<Outcome>>();
  let orders = 0;
  child.on('message', ({ id, body }: Numbered<Outcome>) => {
    waiting.get(id)?.resolve(body);
    waiting.delete(id);
  });
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the MSAL process ended with ${code}`));
  });
  return {
    ask(body) {
      const answer = Promise.withResolvers<Outcome>();
      orders += 1;
      waiting.set(orders, answer);
      child.send({ id: orders, body } satisfies Numbered<Order>);
      return answer.promise;
    },
    async close() {
      if (child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
