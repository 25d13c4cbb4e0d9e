import type { Emit } from '../../observe/events.ts';
import type { Registry } from '../../registry/contract.ts';
import type { ExchangeEvent } from '../record/events.ts';

const WARN_SECONDS = 5;
const UNREADY_SECONDS = 30;

/** Tells when this process's clock and the registry's come to be more than 5 s apart, once each time it happens. */
export function createClockWatch(registry: Pick<Registry, 'clockAheadSeconds'>, emit: Emit<ExchangeEvent>): () => void {
  let apart = false;
  return () => {
    const aheadSeconds = registry.clockAheadSeconds();
    const wasApart = apart;
    apart = Math.abs(aheadSeconds) > WARN_SECONDS;
    if (apart && !wasApart) emit({ event: 'exchange.clock_apart', aheadSeconds: Math.round(aheadSeconds) });
  };
}

/** Whether the two clocks are close enough for what is issued by one to be judged by the other: 30 s at most. */
export function clocksAgree(registry: Pick<Registry, 'clockAheadSeconds'>): boolean {
  return Math.abs(registry.clockAheadSeconds()) <= UNREADY_SECONDS;
}
