/** Loads the provider's metadata and keys at start, and tries again until they are there. */
import type { LoginContext } from './context.ts';

const FIRST_PAUSE_MILLISECONDS = 500;
const LONGEST_PAUSE_MILLISECONDS = 30_000;

/** Warming that can be ended. The proxy serves from the first moment, provider or not. */
export interface WarmUp {
  begin(): void;
  close(): void;
}

/** Fetches metadata and keys, with growing pauses (and jitter) up to 30 s between attempts. */
export function warmUp(context: LoginContext): WarmUp {
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function attempt(pause: number): Promise<void> {
    try {
      await context.client.metadata.get();
      if (await context.client.keySet.ready()) return;
    } catch {
      // Told by the metadata source; here it only means another attempt.
    }
    if (closed) return;
    const next = Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS);
    timer = setTimeout(() => void attempt(next), pause * (0.5 + Math.random() / 2));
    timer.unref();
  }

  return {
    begin: () => void attempt(FIRST_PAUSE_MILLISECONDS),
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
