import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 15;

/** Resolves true as soon as an HTTP server answers anything at `origin`, false once `signal` says to stop asking. */
export async function answersAt(origin: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    try {
      const response = await fetch(`${origin}/healthz`, { signal, redirect: 'manual' });
      await response.body?.cancel();
      return true;
    } catch {
      await wait(POLL_MS);
    }
  }
  return false;
}
