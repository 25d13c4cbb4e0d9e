import { safely } from './events.ts';
import type { SdkEvent } from './events.ts';
import type { Options } from './settings/options.ts';
import { createMeters } from './telemetry/meters.ts';
import type { Meters } from './telemetry/meters.ts';
import { createSpans } from './telemetry/spans.ts';
import type { InSpan } from './telemetry/spans.ts';

/** What is told of the work: the application's listener, metrics and spans, each of them only if it asked for them. */
export interface Telemetry {
  readonly emit: (event: SdkEvent) => void;
  readonly meters: Meters | undefined;
  readonly inSpan: InSpan;
  /** Whether anything is measured at all; without, the work is not touched. */
  readonly isMeasured: boolean;
}

/** Telemetry as the options say; nothing it runs into changes an outcome. */
export function createTelemetry({ telemetry, onEvent }: Pick<Options, 'telemetry' | 'onEvent'>): Telemetry {
  const listener = safely(onEvent);
  const meters = createMeters(telemetry?.metrics);
  const emit = (event: SdkEvent): void => {
    meters?.count(event);
    listener(event);
  };
  return {
    emit: meters === undefined ? listener : emit,
    meters,
    inSpan: createSpans(telemetry?.trace),
    isMeasured: telemetry !== undefined,
  };
}
