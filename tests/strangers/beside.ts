import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endChild } from './children.ts';

/** A foreign client in a process of its own: Node learns of a private CA (`NODE_EXTRA_CA_CERTS`) only when a process starts. */
export interface Beside<Order, Outcome> {
  ask(order: Order): Promise<Outcome>;
  close(): Promise<void>;
}

/** A message and its number. */
interface Numbered<T> {
  readonly id: number;
  readonly body: T;
}

/** Starts `script`, which calls `answerOrders`; `caFile` is what it believes beside the public authorities. */
export function startBeside<Order, Outcome>(script: string, caFile: string | undefined): Beside<Order, Outcome> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), {
    env: { PATH: process.env['PATH'], ...(caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile }) },
  });
  const waiting = new Map<number, PromiseWithResolvers<Outcome>>();
  let orders = 0;
  child.on('message', ({ id, body }: Numbered<Outcome>) => {
    waiting.get(id)?.resolve(body);
    waiting.delete(id);
  });
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${script} ended with ${code}`));
  });
  return {
    ask(body) {
      const answer = Promise.withResolvers<Outcome>();
      orders += 1;
      waiting.set(orders, answer);
      child.send({ id: orders, body });
      return answer.promise;
    },
    close: () => endChild(child, () => child.disconnect()),
  };
}

/** The other end of `startBeside`: carries out every order that comes. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- an order is what the other end says it sends
export function answerOrders<Order>(carryOut: (order: Order) => Promise<unknown>): void {
  process.on('message', (order: Numbered<Order>) => {
    void carryOut(order.body).then((body) => process.send?.({ id: order.id, body }));
  });
}
