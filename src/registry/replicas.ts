/** One process that serves from a registry. Times are seconds since the epoch, by the registry's clock. */
interface Replica {
  readonly id: string;
  /** The registry version it serves. */
  readonly version: number;
  /** The version of the signing key set it publishes. */
  readonly keyVersion: number;
  readonly leaseUntil: number;
}

/** Who serves now. A process that is gone is forgotten when its lease runs out. */
export interface Replicas {
  /** Says that this process is alive and what it serves; the lease is its own from now on. */
  beat(replica: Omit<Replica, 'leaseUntil'>, leaseSeconds: number): Promise<void>;
  /** Those with a lease that has not run out. */
  live(): Promise<readonly Replica[]>;
  /** Gives the lease back: this process serves no more. */
  leave(id: string): Promise<void>;
}

/** Replicas of a registry that ends with its process. */
export function createMemoryReplicas(now: () => number): Replicas {
  const rows = new Map<string, Replica>();
  return {
    async beat(replica, leaseSeconds) {
      rows.set(replica.id, { ...replica, leaseUntil: now() + leaseSeconds });
    },
    live: async () => [...rows.values()].filter(({ leaseUntil }) => leaseUntil > now()),
    async leave(id) {
      rows.delete(id);
    },
  };
}
