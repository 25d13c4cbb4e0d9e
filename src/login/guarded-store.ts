/** A store that answers in time or fails: half a second for each operation, and a breaker while it is down. */
import { StoreUnavailable } from '../store/errors.ts';
import type { Store } from '../store/store.ts';

const BUDGET_MILLISECONDS = 500;
const FAILURES_TO_OPEN = 5;
const PROBE_MILLISECONDS = 500;

/** Wraps a store: everything but a caller's mistake becomes StoreUnavailable, at the latest after 500 ms. */
export function guardStore(store: Store): Store {
  let failures = 0;
  let probeAt = 0;

  async function limited<T>(work: () => Promise<T>): Promise<T> {
    if (failures >= FAILURES_TO_OPEN && performance.now() < probeAt)
      throw new StoreUnavailable('the store did not answer lately');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new StoreUnavailable('the store did not answer in time')), BUDGET_MILLISECONDS);
    });
    try {
      const result = await Promise.race([work(), late]);
      failures = 0;
      return result;
    } catch (error) {
      if (error instanceof RangeError) throw error;
      failures += 1;
      probeAt = performance.now() + PROBE_MILLISECONDS;
      if (error instanceof StoreUnavailable) throw error;
      throw new StoreUnavailable('the store failed', { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    read: (key) => limited(() => store.read(key)),
    create: (key, value, ttl) => limited(() => store.create(key, value, ttl)),
    update: (key, version, value) => limited(() => store.update(key, version, value)),
    put: (key, value, ttl) => limited(() => store.put(key, value, ttl)),
    delete: (key) => limited(() => store.delete(key)),
    take: (key) => limited(() => store.take(key)),
    once: (key, ttl) => limited(() => store.once(key, ttl)),
    async lease(key, ttl) {
      const lease = await limited(() => store.lease(key, ttl));
      return lease && { renew: () => limited(() => lease.renew()), release: () => limited(() => lease.release()) };
    },
    addToIndex: (index, member, ttl) => limited(() => store.addToIndex(index, member, ttl)),
    removeFromIndex: (index, member) => limited(() => store.removeFromIndex(index, member)),
    members: (index) => limited(() => store.members(index)),
    publish: (channel, message) => limited(() => store.publish(channel, message)),
    subscribe: (channel, listener) => store.subscribe(channel, listener),
    now: () => limited(() => store.now()),
    rememberedSince: () => store.rememberedSince(),
    close: () => store.close(),
  };
}
