import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 20;

/** Resolves true as soon as an HTTP server answers anything at `origin`, false once `signal` says to stop asking. */
export async function answersAt(origin: string, signal: AbortSignal): Promise<boolean> {
  const { hostname, port } = new URL(origin);
  while (!signal.aborted) {
    if (await answersNow(hostname, Number(port), signal)) return true;
    await wait(POLL_MS);
  }
  return false;
}

/** Asked of every app while all of them start: a bare connection costs a fraction of a refused fetch. */
function answersNow(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const settle = (answers: boolean): void => {
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(answers);
    };
    const giveUp = (): void => settle(false);
    signal.addEventListener('abort', giveUp);
    socket
      .once('connect', () =>
        socket.write(`GET /healthz HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n\r\n`),
      )
      .once('data', (answer: Buffer) => settle(answer.toString('latin1').startsWith('HTTP/')))
      .once('error', giveUp)
      .once('end', giveUp);
  });
}
