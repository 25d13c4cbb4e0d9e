import type { MetricSnapshot } from '../observe/metrics.ts';

/** What a worker tells the process that started it. */
export type WorkerSays =
  | { readonly kind: 'ready'; readonly summary: unknown }
  | { readonly kind: 'alive' }
  | { readonly kind: 'failed'; readonly exitCode: number; readonly message: string }
  /** Asks for the figures of all workers. */
  | { readonly kind: 'figures?'; readonly id: number }
  | { readonly kind: 'figures'; readonly id: number; readonly figures: MetricSnapshot };

/** What a worker is told. */
export type WorkerHears =
  | { readonly kind: 'alive?' }
  | { readonly kind: 'figures?'; readonly id: number }
  | { readonly kind: 'figures'; readonly id: number; readonly figures: readonly MetricSnapshot[] };
