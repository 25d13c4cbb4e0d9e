/** What the store was asked: measured and traced. */
import type { Emit } from '../../observe/events.ts';
import type { Tracer } from '../../observe/tracing.ts';
import type { LoginEvent } from '../events.ts';
import type { StoreHooks } from '../store/guarded-store.ts';

/** Hooks that tell of every operation, and of the breaker. */
export function watchStore({ emit, tracer }: { readonly emit: Emit<LoginEvent>; readonly tracer: Tracer }): StoreHooks {
  return {
    onOperation(op, seconds, outcome) {
      emit({ event: 'store.operation', op, outcome, seconds });
      const attributes = { 'db.operation.name': op };
      tracer
        .begin({ name: `store ${op}`, kind: 'client', attributes, secondsAgo: seconds })
        .end(outcome === 'ok' ? undefined : outcome);
    },
    onBreaker: (open) => emit({ event: 'store.breaker', open: open ? 1 : 0 }),
  };
}
