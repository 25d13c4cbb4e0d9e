import type { AppId } from '../registry/app-id.ts';
import type { AccessEdge } from './access-diff.ts';
import type { AppProblem } from './validate.ts';

/** What one read of the manifests led to. */
export interface ApplyOutcome {
  /** Of the registry, afterwards. */
  readonly version: number;
  readonly created: readonly AppId[];
  readonly changed: readonly AppId[];
  readonly removed: readonly AppId[];
  /** Apps without a manifest that the prune guard keeps. */
  readonly held: readonly AppId[];
  /** Apps whose variables are new or different. */
  readonly environments: readonly AppId[];
  readonly gains: readonly AccessEdge[];
  readonly loses: readonly AccessEdge[];
  readonly problems: readonly AppProblem[];
}
