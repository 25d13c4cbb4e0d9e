import type { Open } from './replay-attempt.ts';

/** A client of the driver, whatever commands it sends. */
interface Client {
  on(event: string, listener: (reason: unknown) => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
}

/** Connects a client for as long as the attempt lasts. Rejects when it cannot be connected, or the attempt ends first. */
export async function connectClient(
  client: Client,
  { ending, lost, untilEnded }: Parameters<Open<unknown>>[0],
): Promise<void> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  untilEnded(ended);
  client.on('error', lost);
  client.on('end', () => lost(new Error('the connection ended')));
  ending.addEventListener('abort', () => {
    client.destroy();
    resolve();
  });
  // What is destroyed while its socket connects goes on connecting, and would hold the process for as long as it lives.
  client.on('connect', () => ending.aborted && client.destroy());
  await client.connect();
  ending.throwIfAborted();
}
