import type { AppId } from '../registry/app-id.ts';

/** Which absent apps may go. */
export interface GuardResult {
  readonly remove: readonly AppId[];
  readonly held: readonly AppId[];
}

const FEW = 3;
const SHARE = 0.1;

/** The prune guard (D3, D4): nothing goes unless the read was complete and found something; many at once only by order. */
export function guardDeletions(input: {
  readonly known: readonly AppId[];
  readonly present: ReadonlySet<AppId>;
  readonly complete: boolean;
  readonly allowMassDelete: boolean;
}): GuardResult {
  const absent = input.known.filter((id) => !input.present.has(id));
  if (absent.length === 0) return { remove: [], held: [] };
  if (!input.complete || input.present.size === 0) return { remove: [], held: absent };
  const few = absent.length <= Math.max(FEW, input.known.length * SHARE);
  return few || input.allowMassDelete ? { remove: absent, held: [] } : { remove: [], held: absent };
}
