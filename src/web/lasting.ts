import type { EventEmitter } from 'node:events';
import type { Lasting } from './forward.ts';

/** Runs once when the signal aborts, at once if it has; no more after the carrier closed. */
export function onAbort(signal: AbortSignal | undefined, carrier: EventEmitter, act: () => void): void {
  if (signal === undefined) return;
  if (signal.aborted) {
    act();
    return;
  }
  signal.addEventListener('abort', act, { once: true });
  // A signal may outlive many exchanges.
  carrier.once('close', () => signal.removeEventListener('abort', act));
}

/** Lets the caller of a proxy end what lasts, and tells it when that is over. The carrier must not be closed yet. */
export function handOver(lasting: Lasting | undefined, carrier: EventEmitter, end: () => void): void {
  if (lasting === undefined) return;
  carrier.once('close', lasting.closed);
  onAbort(lasting.ending, carrier, end);
}
