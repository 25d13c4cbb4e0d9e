import type { Envelope } from './envelope.ts';
import type { RawSpec } from './fields/spec.ts';
import type { ParseOptions } from './parse-options.ts';
import type { Reading } from './reading.ts';
import type { Tree } from './tree.ts';

/** What a spec is normalised from. */
export interface Normalising {
  readonly raw: RawSpec;
  readonly tree: Tree;
  readonly envelope: Envelope;
  readonly reading: Reading;
  readonly options: ParseOptions;
}

/** The members that are not undefined. */
export function present<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- exactly the undefined members were left out
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
