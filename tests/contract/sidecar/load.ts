import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import type { Exchange } from './case.ts';

/** Sends one request and holds its answer against what is expected. Throws AssertionError. */
export type Ask = (exchange: Exchange, agent: Agent) => Promise<void>;

/** Too many to be let go by, too few to wait for. */
const LEAST_ROUNDS = 3;

/** Asks on so many connections until the work is over. Throws the first error of either. */
export async function underLoad(
  { connections, exchanges }: { readonly connections: number; readonly exchanges: readonly Exchange[] },
  ask: Ask,
  work: () => Promise<void>,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const over = { is: false };
  const rounds = Array.from({ length: connections }, () => 0);
  const connection = async (_: unknown, index: number): Promise<void> => {
    for (let round = 0; !over.is || round < LEAST_ROUNDS; round += 1) {
      for (const exchange of exchanges) await ask(exchange, agent);
      rounds[index] = round + 1;
    }
  };
  try {
    const asking = Promise.all(Array.from({ length: connections }, connection)).finally(() => {
      over.is = true;
    });
    const working = work().finally(() => {
      over.is = true;
    });
    const [worked, asked] = await Promise.allSettled([working, asking]);
    if (asked.status === 'rejected') throw asked.reason;
    if (worked.status === 'rejected') throw worked.reason;
    assert.ok(
      rounds.every((count) => count >= LEAST_ROUNDS),
      'a connection asked too little',
    );
  } finally {
    agent.destroy();
  }
}
