import { StoreUnavailable } from './errors.ts';

/** What is claimed together: every key once, in the order of their bytes. */
export type Claims = readonly { readonly key: Buffer; readonly expiresAt: number }[];

/** `expired` when the end of the claim has passed by the store's clock. */
export type Answer = 'fresh' | 'seen' | 'expired';

/** Puts claims together that come while others are under way: they share one wait for the disk. */
export interface ClaimBatches {
  claim(key: string, expiresAt: number): Promise<Answer>;
}

/** Claims of one batch, and batches at once. */
const MAX_BATCH = 500;
const MAX_RUNNING = 2;
/** Claims that may wait; more than can be answered in any time that somebody waits. */
const MAX_WAITING = 20_000;

interface Waiting {
  readonly id: string;
  readonly key: Buffer;
  readonly expiresAt: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** `run` answers claims in their order, all or none. */
export function createClaimBatches(run: (claims: Claims) => Promise<readonly Answer[]>): ClaimBatches {
  let waiting: Waiting[] = [];
  let running = 0;

  /** What still waits has waited as long as the batch that failed: it would be late too. */
  const failAll = (batch: readonly Waiting[], error: unknown): void => {
    const others = waiting;
    waiting = [];
    for (const { reject } of [...batch, ...others]) reject(error);
  };
  const next = (): void => {
    while (running < MAX_RUNNING && waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH);
      waiting = waiting.slice(MAX_BATCH);
      running += 1;
      void finish(batch);
    }
  };
  const finish = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      await settle(batch, run);
    } catch (error) {
      failAll(batch, error);
    }
    running -= 1;
    next();
  };
  return {
    claim(key, expiresAt) {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      if (waiting.length >= MAX_WAITING) return Promise.reject(new StoreUnavailable('too many claims are waiting'));
      if (waiting.length === 0) queueMicrotask(next);
      waiting.push({ id: key, key: Buffer.from(key), expiresAt, resolve, reject });
      return promise;
    },
  };
}

async function settle(batch: readonly Waiting[], run: (claims: Claims) => Promise<readonly Answer[]>): Promise<void> {
  const first = new Map<string, Waiting>();
  for (const waiting of batch) if (!first.has(waiting.id)) first.set(waiting.id, waiting);
  const claims = [...first.values()].toSorted((a, b) => Buffer.compare(a.key, b.key));
  const answers = await run(claims);
  const byId = new Map(claims.map(({ id }, index) => [id, answers[index] ?? 'expired']));
  for (const waiting of batch) {
    const answer = byId.get(waiting.id) ?? 'expired';
    // Whoever asks for the same key second comes after a claim that won.
    waiting.resolve(answer === 'fresh' && first.get(waiting.id) !== waiting ? 'seen' : answer);
  }
}
