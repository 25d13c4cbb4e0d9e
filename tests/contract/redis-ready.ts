import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Store } from '../../src/store/store.ts';

const PATIENCE_MS = 20_000;

/** Waits until a store that was just opened answers and knows since when it remembers: a busy machine may take several attempts. */
export async function untilReady(store: Store): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  const answers = (): Promise<boolean> =>
    store.now().then(
      () => Number.isFinite(store.rememberedSince()),
      () => false,
    );
  while (!(await answers())) {
    assert.ok(performance.now() < end, 'the store answers in time');
    await pause(10);
  }
}
