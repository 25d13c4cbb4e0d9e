import { randomUUID } from 'node:crypto';
import type { Emit } from '../../observe/events.ts';
import type { Registry } from '../../registry/contract.ts';
import { createClockWatch } from './replica-clock.ts';
import type { ExchangeEvent } from '../record/events.ts';

/** What one process says of itself to the others that serve from the same registry. */
export interface ReplicaBeat {
  readonly id: string;
  /** Says it now, after whatever is being said. A failure is an event, never an error: nothing stops being served over it. */
  beat(): Promise<void>;
  /** Ends it, and gives the lease back. */
  close(): Promise<void>;
}

/** How long a process counts as alive after it was last heard of, in seconds. */
export const LEASE_SECONDS = 10;

/**
 * Joins the replicas with no key set yet, so that no key goes active behind the back of one that starts; then three times in
 * a lease it says which key set it publishes. Rejects when the registry does not answer the first time.
 */
export async function startReplicaBeat(options: {
  readonly registry: Pick<Registry, 'replicas' | 'snapshot' | 'clockAheadSeconds'>;
  /** The version of the key set that is published now; 0 before there is one. */
  readonly keyVersion: () => number;
  readonly emit: Emit<ExchangeEvent>;
  readonly leaseSeconds?: number;
}): Promise<ReplicaBeat> {
  const { registry, keyVersion, emit, leaseSeconds = LEASE_SECONDS } = options;
  const id = randomUUID();
  const watchClock = createClockWatch(registry, emit);
  const say = (): Promise<void> =>
    registry.replicas.beat({ id, version: registry.snapshot().version, keyVersion: keyVersion() }, leaseSeconds);
  await say();
  let last = Promise.resolve();
  const beat = (): Promise<void> => {
    watchClock();
    last = last.then(say).catch((cause: unknown) => emit({ event: 'exchange.beat_failed', cause }));
    return last;
  };
  let isBusy = false;
  const timer = setInterval(
    () => {
      if (isBusy) return;
      isBusy = true;
      void beat().finally(() => {
        isBusy = false;
      });
    },
    (leaseSeconds * 1000) / 3,
  ).unref();
  return {
    id,
    beat,
    async close() {
      clearInterval(timer);
      await last;
      await registry.replicas.leave(id).catch((cause: unknown) => emit({ event: 'exchange.beat_failed', cause }));
    },
  };
}
