/** A proxy that is watched as a running one is, for tests. */
import type { TestContext } from 'node:test';
import { createObserver } from '../../observe/observer.ts';
import type { FinishedSpan } from '../../observe/tracing.ts';
import { createTracer } from '../../observe/tracing.ts';
import { loginEvents } from '../figures/wonderwall.ts';
import { startWorld } from './proxy.ts';
import type { World, WorldOptions } from './proxy.ts';

/** A world, and what came of its events. */
export interface Observed {
  readonly world: World;
  readonly lines: readonly string[];
  readonly spans: readonly FinishedSpan[];
  readonly metrics: () => Promise<string>;
}

/** A world whose events go where those of a running proxy go. */
export async function observed(
  t: TestContext,
  options: WorldOptions & { readonly wonderwallNames?: boolean; readonly traced?: boolean } = {},
): Promise<Observed> {
  const lines: string[] = [];
  const spans: FinishedSpan[] = [];
  const observer = createObserver({ level: 'info', destination: { write: (line) => lines.push(line) }, now: () => 0 });
  t.after(() => observer.close());
  const { wonderwallNames = true } = options;
  const emit = observer.emitter('login', loginEvents({ wonderwallNames, provider: 'entra' }));
  const tracer = createTracer({ take: (span) => spans.push(span), close: () => Promise.resolve() });
  const watch = { within: observer.within, ...(options.traced === true ? { tracer } : {}) };
  const world = await startWorld(t, { ...options, onEvent: emit, watch });
  return { world, lines, spans, metrics: () => observer.metrics() };
}
