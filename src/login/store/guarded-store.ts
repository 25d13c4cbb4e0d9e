/** A store that answers in time or fails, is asked again once where that does no harm, and is left alone while it is down. */
import { StoreUnavailable } from '../../store/errors.ts';
import type { Lease, Store } from '../../store/store.ts';
import { createBreaker } from './breaker.ts';

const BUDGET_MILLISECONDS = 500;

/** What the store was asked. */
type StoreOperation = Exclude<keyof Store, 'subscribe' | 'rememberedSince' | 'close'> | 'renew' | 'release';

/** What came of it: `late` = no answer in time, `refused` = not even asked, the store having failed lately. */
type StoreOutcome = 'ok' | 'failed' | 'late' | 'refused';

/** Who wants to know how the store does. Hooks must not throw. */
export interface StoreHooks {
  readonly onOperation?: (operation: StoreOperation, seconds: number, outcome: StoreOutcome) => void;
  /** Told when the breaker opens and when it closes. */
  readonly onBreaker?: (open: boolean) => void;
}

/** `clock` is in milliseconds and never goes back. */
interface GuardOptions extends StoreHooks {
  readonly clock?: () => number;
}

class TooLate extends StoreUnavailable {}

/**
 * Wraps a store: everything but a caller's mistake becomes StoreUnavailable, at the latest after 500 ms. Reads that fail are tried
 * once more within that time. The time is each operation's own, not shared by those of a request: a proxied request does one, and a
 * request that does several ends with the first that fails, whereas cutting a slow login short half-way would leave its pieces behind.
 * Reads and writes have breakers of their own, as a full store can still be read.
 */
export function guardStore(store: Store, options: GuardOptions = {}): Store {
  const { limited, again } = createGuard(options);
  const guardLease = (lease: Lease): Lease => ({
    renew: () => limited('renew', () => lease.renew()),
    release: () => limited('release', () => lease.release()),
  });
  return {
    read: (key) => again('read', () => store.read(key)),
    create: (key, value, ttl) => limited('create', () => store.create(key, value, ttl)),
    update: (key, version, value) => limited('update', () => store.update(key, version, value)),
    put: (key, value, ttl) => limited('put', () => store.put(key, value, ttl)),
    delete: (key) => limited('delete', () => store.delete(key)),
    take: (key) => limited('take', () => store.take(key)),
    once: (key, ttl) => limited('once', () => store.once(key, ttl)),
    async lease(key, ttl) {
      const { claim, tooLate } = lateLease(() => store.lease(key, ttl));
      const lease = await limited('lease', claim).catch((error: unknown) => {
        tooLate();
        throw error;
      });
      return lease && guardLease(lease);
    },
    addToIndex: (index, member, ttl) => limited('addToIndex', () => store.addToIndex(index, member, ttl)),
    removeFromIndex: (index, member) => limited('removeFromIndex', () => store.removeFromIndex(index, member)),
    members: (index) => again('members', () => store.members(index)),
    publish: (channel, message) => limited('publish', () => store.publish(channel, message)),
    subscribe: (channel, listener) => store.subscribe(channel, listener),
    now: () => again('now', () => store.now()),
    rememberedSince: () => store.rememberedSince(),
    close: () => store.close(),
  };
}

/** A lease that comes when nobody waits for it any more is given back: it would keep everybody from one that nobody holds. */
function lateLease(take: () => Promise<Lease | undefined>): {
  readonly claim: () => Promise<Lease | undefined>;
  readonly tooLate: () => void;
} {
  let late = false;
  return {
    async claim() {
      const lease = await take();
      if (late) await lease?.release();
      return lease;
    },
    tooLate: () => void (late = true),
  };
}

type Limited = <T>(operation: StoreOperation, work: () => Promise<T>) => Promise<T>;

/** `limited` asks once, `again` at most twice. */
function createGuard({ clock = () => performance.now(), onOperation, onBreaker }: GuardOptions): {
  readonly limited: Limited;
  readonly again: Limited;
} {
  const reads = createBreaker(clock);
  const writes = createBreaker(clock);
  let told = false;
  const tell = (): void => {
    const open = reads.isOpen() || writes.isOpen();
    if (open === told) return;
    told = open;
    onBreaker?.(open);
  };

  async function guarded<T>(operation: StoreOperation, work: () => Promise<T>, tries: 1 | 2): Promise<T> {
    const begun = clock();
    const done = (outcome: StoreOutcome): void => onOperation?.(operation, (clock() - begun) / 1000, outcome);
    const breaker = tries === 2 ? reads : writes;
    if (!breaker.admit()) {
      done('refused');
      throw new StoreUnavailable('the store did not answer lately');
    }
    try {
      const result = await inTime(tries === 2 && !breaker.isOpen() ? () => work().catch(orOnceMore(work)) : work);
      // What kept the store from being read kept it from being written too.
      if (breaker === reads && reads.isOpen()) writes.reset();
      breaker.succeeded();
      done('ok');
      return result;
    } catch (error) {
      if (error instanceof RangeError) throw error;
      breaker.failed();
      done(error instanceof TooLate ? 'late' : 'failed');
      if (error instanceof StoreUnavailable) throw error;
      throw new StoreUnavailable('the store failed', { cause: error });
    } finally {
      tell();
    }
  }
  return {
    limited: (operation, work) => guarded(operation, work, 1),
    again: (operation, work) => guarded(operation, work, 2),
  };
}

function orOnceMore<T>(work: () => Promise<T>): (error: unknown) => Promise<T> {
  return (error) => {
    if (error instanceof RangeError) throw error;
    return work();
  };
}

async function inTime<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(new TooLate('the store did not answer in time'));
    // Where the process itself was busy the answer may be here, unread: reading comes before an immediate.
    timer = setTimeout(() => setImmediate(giveUp), BUDGET_MILLISECONDS);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
