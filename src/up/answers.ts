import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 20;

/** Resolves true as soon as an HTTP server answers anything at `origin`, false once `signal` says to stop asking. */
export async function answersAt(origin: string, signal: AbortSignal): Promise<boolean> {
  const { hostname, port } = new URL(origin);
  while (!signal.aborted) {
    // A bare connection costs a fraction of a refused fetch, and this is asked for every app while all of them start.
    if ((await accepts(hostname, Number(port))) && (await answersNow(origin, signal))) return true;
    await wait(POLL_MS);
  }
  return false;
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const settle = (accepted: boolean) => (): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', settle(true)).once('error', settle(false));
  });
}

async function answersNow(origin: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`${origin}/healthz`, { signal, redirect: 'manual' });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
