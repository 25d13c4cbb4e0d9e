import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 20_000;
const LOOK_MS = 10;

type Nothing = false | null | undefined;

/**
 * Waits until `look` gives something that is true, and gives that. Throws Error after 20 s with `said`, else with the text of `look`: so
 * long that on a machine with much else to do, too, only what never comes about fails.
 */
export async function until<T>(
  look: () => T | Nothing | Promise<T | Nothing>,
  said: string | (() => string) = () => look.toString(),
): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end)
      throw new Error(`not within ${PATIENCE_MS} ms: ${typeof said === 'string' ? said : said()}`);
    await pause(LOOK_MS);
  }
}
