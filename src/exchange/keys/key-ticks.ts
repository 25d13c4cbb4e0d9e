import { isChangeDue } from './key-changes.ts';
import type { KeyWork } from './key-changes.ts';
import { USE } from './key-loading.ts';
import type { LoadedKeys } from './key-loading.ts';

const TICK_MS = 1000;
/** Ticks until the store is asked for everything, whatever our own clock says of the time that passed. */
const TICKS_TO_RELOAD = 30;
/** Of as many failures in a row one is told. */
const FAILURES_TO_TELL = 30;
/** How long other processes may take to publish a key that is due before that is told. */
const PATIENCE_SECONDS = 60;

/** Looks for the changes of others every second, and makes those that are due; the result ends it, and waits for one that has begun. */
export function startTicking(
  work: KeyWork,
  keys: { readonly current: () => LoadedKeys; readonly settle: () => Promise<unknown> },
): () => Promise<void> {
  let ticks = 0;
  let failures = 0;
  let running: Promise<void> | undefined;
  const watchWait = createWaitWatch(work);
  const look = async (): Promise<void> => {
    const { set } = keys.current();
    ticks = (ticks + 1) % TICKS_TO_RELOAD;
    const isDue = ticks === 0 || isChangeDue(work, keys.current());
    if (isDue || (await work.store.version(USE)) !== set.version) await keys.settle();
    failures = 0;
    watchWait(isChangeDue(work, keys.current()));
  };
  // With the store out of reach the keys go on signing; the alarm is the event.
  const fail = (cause: unknown): void => {
    if (failures % FAILURES_TO_TELL === 0) work.emit({ event: 'exchange.rotation_failed', cause });
    failures += 1;
  };
  const timer = setInterval(() => {
    running ??= look()
      .catch(fail)
      .finally(() => {
        running = undefined;
      });
  }, TICK_MS).unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** Tells that a change is held up by a process that is alive, once a while. */
function createWaitWatch({ now, emit }: KeyWork): (isWaiting: boolean) => void {
  let since: number | undefined;
  return (isWaiting) => {
    since = isWaiting ? (since ?? now()) : undefined;
    if (since === undefined || now() - since < PATIENCE_SECONDS) return;
    since = now();
    emit({ event: 'exchange.rotation_waits', seconds: PATIENCE_SECONDS });
  };
}
